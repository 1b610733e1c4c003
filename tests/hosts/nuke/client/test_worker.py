"""Real workers: started, attached to, and given a job. The frames and the workers are prepared by the caller:

VCNODE_TEST_PYTHON: the interpreter that has vcnode.
VCNODE_TEST_BARE_PYTHON: one that has not, if there is one.
VCNODE_TEST_ADDRESS, VCNODE_TEST_TOKEN: a worker that listens.
VCNODE_TEST_FRAMES: a folder with plate.1001.exr to plate.1004.exr, and painted.1001.exr.
"""

import os
import tempfile
import unittest

from recorded_host import RecordedHost, settings
from vcnode_client.controller import Controller
from vcnode_client.problems import Cancelled, ClientError, WorkerLost
from vcnode_client.settings import WorkerSettings
from vcnode_client.worker import reach


@unittest.skipUnless("VCNODE_TEST_ADDRESS" in os.environ, "no worker was prepared")
class Workers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.attached = WorkerSettings(
            start=False, address=os.environ["VCNODE_TEST_ADDRESS"], token=os.environ["VCNODE_TEST_TOKEN"]
        )

    def host(self, **changes):
        return RecordedHost(settings(self.folder, self.attached, **changes), os.environ["VCNODE_TEST_FRAMES"])

    @unittest.skipUnless("VCNODE_TEST_PYTHON" in os.environ, "another Python tries this")
    def test_one_is_started_greets_and_ends(self):
        log = os.path.join(self.folder, "worker.log")
        with reach(WorkerSettings(python=os.environ["VCNODE_TEST_PYTHON"], log=log)) as worker:
            self.assertEqual(worker.hello["protocol"], 1)
        with self.assertRaises(ClientError):
            worker.send({"type": "check"})

    @unittest.skipUnless("VCNODE_TEST_PYTHON" in os.environ, "another Python tries this")
    def test_one_imports_nothing_from_the_folder_that_the_host_runs_in(self):
        for name in ("yaml.py", "vcnode.py"):
            with open(os.path.join(self.folder, name), "w") as file:
                file.write("raise SystemExit('a file of the shot was run')")
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(self.folder)
        log = os.path.join(self.folder, "worker.log")
        with reach(WorkerSettings(python=os.environ["VCNODE_TEST_PYTHON"], log=log)) as worker:
            self.assertIn("models", worker.check())

    @unittest.skipUnless("VCNODE_TEST_BARE_PYTHON" in os.environ, "this Python has vcnode")
    def test_a_python_without_vcnode_is_explained_by_its_log(self):
        log = os.path.join(self.folder, "worker.log")
        with self.assertRaisesRegex(WorkerLost, "No module named"):
            reach(WorkerSettings(python=os.environ["VCNODE_TEST_BARE_PYTHON"], log=log))

    def test_one_can_be_asked(self):
        with reach(self.attached) as worker:
            answer = worker.check()
        self.assertIn("lite", [model["name"] for model in answer["models"]])

    def test_a_wrong_token_is_refused(self):
        with self.assertRaises(ClientError):
            reach(WorkerSettings(start=False, address=self.attached.address, token="0" * 64))

    def test_nobody_at_the_address(self):
        with self.assertRaisesRegex(ClientError, "No worker answers"):
            reach(WorkerSettings(start=False, address="127.0.0.1:9"))

    def test_a_whole_run(self):
        host = self.host()
        Controller(host).colorize()
        self.assertEqual(host.states[-1], "done")
        for frame in range(1001, 1005):
            self.assertGreater(os.path.getsize(host.results[0].pattern % frame), 500)

    def test_a_rejected_job_tells_all_its_problems(self):
        host = self.host(model="nonesuch", working_size=3)
        with self.assertRaises(ClientError) as caught:
            Controller(host).colorize()
        self.assertGreaterEqual(len(caught.exception.problems), 2)

    def shots(self, text):
        path = os.path.join(self.folder, "shots.yaml")
        with open(path, "w") as file:
            file.write("version: 1\nshots:\n" + text.replace("REFERENCE", self.picture))
        return path

    @property
    def picture(self):
        return os.path.join(os.environ["VCNODE_TEST_FRAMES"], "painted.1001.exr").replace("\\", "/")

    def test_a_run_with_a_shots_file(self):
        path = self.shots("- {first: 0, last: 1, references: ['REFERENCE']}\n- {first: 2, references: ['REFERENCE']}\n")
        host = self.host(references=(), shots_file=path)
        controller = Controller(host)
        controller.colorize()
        self.assertEqual(host.states, ["checking", "rendering", "colouring", "done"])
        self.assertEqual(host.state["pictures"].replace("\\", "/"), self.picture)
        self.assertEqual(controller.refresh(), "done")
        self.shots("- {first: 0, references: ['REFERENCE']}\n")
        self.assertEqual(controller.refresh(), "stale")

    def test_every_missing_picture_of_a_shots_file_is_told_before_the_source_is_rendered(self):
        path = self.shots("- {first: 0, last: 1, references: [gone.png]}\n- {first: 2, references: [lost.png]}\n")
        host = self.host(references=(), shots_file=path)
        with self.assertRaises(ClientError) as caught:
            Controller(host).colorize()
        self.assertEqual(len(caught.exception.problems), 2)
        self.assertIn("lost.png", str(caught.exception))
        self.assertEqual(host.rendered, [])

    def test_a_wrong_shots_file_is_told_with_everything_else(self):
        host = self.host(references=(), shots_file=self.shots("- {frist: 0}\n"), encoding="")
        with self.assertRaises(ClientError) as caught:
            Controller(host).colorize()
        self.assertEqual(len(caught.exception.problems), 2)
        self.assertIn("'frist'", str(caught.exception))

    def test_cancelling(self):
        host = self.host()
        told = host.progress

        def progress(fraction, message):
            told(fraction, message)
            if message.startswith("frame"):
                host.cancelled.set()

        host.progress = progress
        controller = Controller(host)
        with self.assertRaises(Cancelled) as caught:
            controller.colorize()
        self.assertLess(caught.exception.kept, 4)
        host.cancelled.clear()
        host.progress = told
        controller.colorize()
        self.assertEqual(controller.state, "done")


if __name__ == "__main__":
    unittest.main()
