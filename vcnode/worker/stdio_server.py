"""A worker for the one client that started it, over stdin and stdout."""

import threading

from vcnode.worker.connection import Connection, worker_hello
from vcnode.worker.job_queue import JobQueue
from vcnode.worker.lines import read_lines
from vcnode.worker.standard_streams import Pipes


def serve_stdio(pipes: Pipes, jobs: JobQueue) -> None:
    """Answer the client and run its jobs until it quits or is gone, or `jobs.stop` is called."""
    connection = Connection(jobs, read_lines(pipes.read), pipes.write, gone=jobs.stop)
    connection.send(worker_hello())

    def listen() -> None:
        connection.serve()
        jobs.stop()

    threading.Thread(target=listen, name="client", daemon=True).start()
    jobs.run()
