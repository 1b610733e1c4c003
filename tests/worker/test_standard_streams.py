"""Nothing but the protocol reaches a host's pipe."""

import subprocess
import sys

from worker.worker_process import environment

NOISE = """
import ctypes, os, subprocess, sys
from vcnode.worker import take_standard_streams
pipes = take_standard_streams()
print("noise of a library")
os.write(1, b"noise of C\\n")
subprocess.run([sys.executable, "-c", "print('noise of a child')"])
assert sys.stdin.read() == ""
pipes.write(b"first ")
pipes.write(pipes.read(100))
"""


def test_whatever_prints_the_pipe_stays_clean():
    ended = subprocess.run(
        [sys.executable, "-c", NOISE], input=b"said by the host", capture_output=True, env=environment(), check=True
    )
    assert ended.stdout == b"first said by the host"
    for who in (b"a library", b"C", b"a child"):
        assert b"noise of " + who in ended.stderr
