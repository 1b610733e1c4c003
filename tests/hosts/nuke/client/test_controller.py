"""The states of a node, with a worker that is played."""

import os
import tempfile
import unittest
from unittest import mock

from recorded_host import RecordedHost, settings
from vcnode_client.controller import Controller
from vcnode_client.host import Clip
from vcnode_client.problems import Cancelled, ClientError, Problem, WorkerLost
from vcnode_client.settings import ReferenceSettings, WorkerSettings
from vcnode_client.versions import finished, read_note

ATTACHED = WorkerSettings(start=False, address="127.0.0.1:9")


class PlayedWorker:
    """Says what a worker says, and makes the frames it is asked for."""

    hello = {"type": "hello", "protocol": 1, "version": "0.1.0"}  # noqa: RUF012

    def __init__(self, at_frame=None, seen=None):
        self.jobs, self.waiting, self.closed = [], [], False
        self.seen, self.inspected = seen or {}, []
        self.at_frame = at_frame or (lambda frame: None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.closed = True

    def send(self, message):
        if message["type"] == "cancel":
            self.waiting = [{"type": "cancelled", "id": message["id"], "kept": 1}]
        if message["type"] == "inspect":
            self.inspected.append(message["job"])
            self.waiting.append(
                dict({"type": "inspected", "id": message["id"], "problems": [], "files": []}, **self.seen)
            )
        if message["type"] != "job":
            return
        self.jobs.append(message["job"])
        frames = message["job"]["frames"]
        count = frames["last"] - frames["first"] + 1
        self.waiting.append({"type": "accepted", "id": message["id"], "model": "lite", "device": "cpu"})
        for number in range(1, count + 1):
            said = {
                "frame": frames["first"] + number - 1,
                "done": number,
                "total": count,
                "fps": 2.0,
                "seconds_left": 61,
            }
            self.waiting.append(dict(said, type="progress", id=message["id"]))
        self.waiting.append({"type": "done", "id": message["id"], "frames": count, "weak_frames": [1003]})

    def receive(self, timeout=0.1):
        if not self.waiting:
            return None
        message = self.waiting.pop(0)
        if message["type"] == "progress":
            failure = self.at_frame(message["frame"])
            if failure is not None:
                raise failure
            with open(self.jobs[-1]["output"]["pattern"] % message["frame"], "w") as file:
                file.write("pixels")
        return message


class Controllers(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        for name in ("plate", "painted"):
            for frame in range(1001, 1005):
                with open(os.path.join(self.folder, f"{name}.{frame:04d}.exr"), "w") as file:
                    file.write("pixels")
        self.cache = os.path.join(self.folder, "cache").replace("\\", "/")
        self.host = RecordedHost(settings(self.cache, ATTACHED), self.folder)
        self.controller = Controller(self.host)

    def colorize(self, worker=None):
        worker = worker or PlayedWorker()
        with mock.patch("vcnode_client.run.reach", return_value=worker):
            self.controller.colorize()
        return worker

    def test_a_run_goes_through_its_states(self):
        worker = self.colorize()
        self.assertEqual(self.host.states, ["checking", "rendering", "rendering", "colouring", "done"])
        self.assertTrue(worker.closed)
        self.assertEqual(self.host.results[0].pattern, self.cache + "/v001/colored.%04d.exr")
        self.assertEqual(self.host.results[0].summary, "1001-1004  1 ref  v001")
        self.assertIn((0.5, "frame 1002, 2 of 4, 2.0 fps, 1:01 left"), self.host.progressed)
        self.assertIn("1003", self.host.shown[-1][1])
        self.assertFalse(os.path.exists(self.cache + "/v001/input"))
        self.assertTrue(os.path.exists(self.cache + "/v001/references/main/ref1.exr"))

    def test_the_job_says_what_was_chosen(self):
        job = self.colorize().jobs[0]
        self.assertEqual(job["frames"]["first"], 1001)
        self.assertEqual([each["frame"] for each in job["references"]], [1001])
        self.assertEqual(job["options"]["working_size"], 128)
        self.assertEqual(job["encoding"], "linear-srgb")
        self.assertEqual((job["options"]["direction"], job["shots"]), ("both", None))

    def test_the_note_names_the_files_where_they_are_in_any_alphabet(self):
        self.cache = os.path.join(self.folder, "キャッシュ é").replace("\\", "/")
        self.host.chosen = settings(self.cache, ATTACHED)
        self.colorize()
        job = read_note(self.cache, 1)["jobs"][0]
        self.assertEqual(job["output"]["pattern"], self.cache + "/v001/colored.%04d.exr")
        self.assertTrue(os.path.exists(job["references"][0]["file"]))

    def test_what_only_the_worker_can_judge_is_told_before_anything_is_rendered(self):
        for gui in (True, False):
            worker = PlayedWorker(seen={"problems": [{"field": "options.model", "problem": "It climbs up with '..'."}]})
            self.host.gui, self.host.chosen = gui, settings(self.cache, ATTACHED, model="/models/../lite.safetensors")
            if gui:
                self.colorize(worker)
                self.assertEqual(self.host.told[-1], ["It climbs up with '..'."])
            else:
                with self.assertRaisesRegex(ClientError, "climbs up"):
                    self.colorize(worker)
            self.assertEqual(worker.inspected[0]["options"]["model"], "/models/../lite.safetensors")
            self.assertEqual((self.host.rendered, worker.jobs, worker.closed), ([], [], True))
            self.assertEqual((self.controller.state, finished(self.cache)), ("failed", []))

    def test_references_that_are_still_to_be_rendered_are_not_looked_at_and_not_missed(self):
        picture = os.path.join(self.folder, "painted.1001.exr")
        missed = {"problems": [{"field": "references", "problem": "Give references."}]}
        for references, looked_at in (
            ((ReferenceSettings(1, 1001),), []),
            ((ReferenceSettings(1, 1001), ReferenceSettings(2, 1002, file=picture)), [picture]),
        ):
            self.host.chosen = settings(self.cache, ATTACHED, references=references)
            worker = self.colorize(PlayedWorker(seen=missed))
            self.assertEqual([each["file"] for each in worker.inspected[0]["references"]], looked_at)
            self.assertEqual(self.controller.state, "done")

    def test_all_problems_are_told_at_once_and_nothing_is_begun(self):
        self.host.gui, self.host.source = True, None
        self.host.extra = [Problem("Ref1 is in error.")]
        self.host.chosen = settings("", ATTACHED, references=())
        self.colorize()
        self.assertEqual(len(self.host.told[0]), 4)
        self.assertEqual(self.host.states, ["failed"])

    def test_without_a_user_errors_are_raised(self):
        self.host.source = None
        with self.assertRaisesRegex(ClientError, "Source"):
            self.colorize()
        self.host.source = RecordedHost(self.host.chosen).source
        with self.assertRaises(WorkerLost):
            self.colorize(PlayedWorker(lambda frame: WorkerLost("it is gone")))
        self.assertEqual(self.controller.state, "failed")

    def test_a_failed_run_goes_on_where_it_was(self):
        self.host.gui = True
        self.colorize(PlayedWorker(lambda frame: ClientError("no memory") if frame == 1003 else None))
        self.assertEqual((self.controller.state, self.host.told), ("failed", [["no memory"]]))
        self.assertEqual(finished(self.cache), [])
        self.host.rendered.clear()
        self.colorize()
        self.assertEqual(self.controller.state, "done")
        self.assertEqual(self.host.rendered, [], "the source was rendered again")
        self.assertEqual(finished(self.cache), [1])

    def test_cancelling_waits_for_the_worker(self):
        worker = PlayedWorker(lambda frame: self.controller.cancel() if frame == 1002 else None)
        with self.assertRaises(Cancelled) as caught:
            self.colorize(worker)
        self.assertEqual(caught.exception.kept, 1)
        self.assertEqual(self.controller.state, "cancelled")
        self.assertFalse(self.controller.running)

    def test_an_old_result_stays_when_a_new_run_fails(self):
        self.colorize()
        self.host.text, self.host.gui = "graded", True
        self.colorize(PlayedWorker(lambda frame: ClientError("no memory")))
        self.assertEqual((len(self.host.results), finished(self.cache)), (1, [1]))

    def test_stale_missing_and_fresh(self):
        self.assertEqual(self.controller.refresh(), "idle")
        self.colorize()
        self.assertEqual(self.controller.refresh(), "done")
        self.host.text = "graded"
        self.assertEqual(self.controller.refresh(), "stale")
        self.host.text = "upstream"
        open(self.cache + "/v001/colored.1003.exr", "w").close()  # a disk that was full
        self.assertEqual(self.controller.refresh(), "missing")
        os.remove(self.cache + "/v001/colored.1003.exr")
        self.assertEqual(self.controller.refresh(), "missing")

    def test_versions_are_kept_and_shown_again(self):
        for folder, said in ((self.cache, self.cache), ("", "the cache folder")):
            self.host.chosen = settings(folder, ATTACHED)
            with self.assertRaisesRegex(ClientError, f"^There is no version in {said}; there is none"):
                self.controller.show_version()
        self.host.chosen = settings(self.cache, ATTACHED)
        self.colorize()
        self.host.text = "graded"
        self.colorize()
        self.assertEqual(self.host.state["version"], 2)
        self.controller.show_version(1)
        self.assertEqual((self.host.results[-1].version, self.controller.state), (1, "stale"))
        self.controller.show_version()
        self.assertEqual((self.host.results[-1].version, self.controller.state), (2, "done"))
        with self.assertRaisesRegex(ClientError, "no version 7"):
            self.controller.show_version(7)

    def with_shots(self, **changes):
        """The node with a shots file that names a picture."""
        self.shots, self.picture = (os.path.join(self.folder, name) for name in ("shots.yaml", "day.png"))
        for path in (self.shots, self.picture):
            with open(path, "w") as file:
                file.write("version: 1")
        values = {"references": (), "shots_file": self.shots, "ignored": (1, 3), "worker": ATTACHED}
        values.update(changes)
        self.host.chosen = settings(self.cache, **values)
        return PlayedWorker(seen={"files": [self.shots, self.picture]})

    def test_a_shots_file_goes_to_the_worker_which_looks_at_it_before_anything_is_rendered(self):
        self.host.source = Clip(991, 1010, 72, 56)
        worker = self.colorize(self.with_shots())
        for job in (worker.inspected[0], worker.jobs[0]):
            self.assertEqual(job["shots"], {"file": self.shots, "first": 991, "last": 1010, "encoding": "linear-srgb"})
            self.assertEqual(job["references"], [])
        self.assertEqual(self.host.states, ["checking", "rendering", "colouring", "done"])
        self.assertEqual(self.host.results[0].summary, "1001-1004  shots.yaml  v001")
        for _, message in (self.host.shown[0], self.host.shown[-1]):
            self.assertIn("frame 0 of shots.yaml is 991; Ref1 and Ref3 are ignored because of shots.yaml", message)

    def test_exr_pictures_of_a_shots_file_are_not_converted(self):
        worker = self.with_shots(conversion="camera > acescg")
        worker.seen["files"].append(self.folder + "/night.EXR")
        with self.assertRaisesRegex(ClientError, "shots.yaml names night.EXR, and ocio converts no EXR"):
            self.colorize(worker)
        self.assertEqual((self.host.rendered, worker.jobs), ([], []))

    def test_what_is_wrong_in_a_shots_file_is_told_before_anything_is_rendered(self):
        wrong = [{"field": "shots", "problem": f"line {number} is wrong."} for number in (3, 4)]
        worker = self.with_shots()
        worker.seen = {"problems": wrong}
        with self.assertRaises(ClientError) as caught:
            self.colorize(worker)
        self.assertEqual(
            [each.sentence for each in caught.exception.problems], ["line 3 is wrong.", "line 4 is wrong."]
        )
        self.assertEqual((self.host.rendered, worker.jobs, worker.closed), ([], [], True))

    def test_what_is_wrong_in_a_shots_file_stands_in_one_list_with_all_the_rest(self):
        for gui in (True, False):
            worker = self.with_shots(encoding="", last=900)
            worker.seen = {
                "problems": [
                    {"field": "shots", "problem": "line 3 is wrong."},
                    {"field": "frames.last", "problem": "said already."},
                ]
            }
            self.host.gui = gui
            with mock.patch("vcnode_client.controller.reach", return_value=worker):
                if gui:
                    self.controller.colorize()
                    said = self.host.told[0]
                else:
                    with self.assertRaises(ClientError) as caught:
                        self.controller.colorize()
                    said = [each.sentence for each in caught.exception.problems]
            self.assertEqual(len(said), 3)
            for part in ("ends before", "colour space", "line 3"):
                self.assertTrue(any(part in each for each in said), part)
            self.assertEqual((self.controller.state, worker.closed), ("failed", True))

    def test_a_worker_that_is_not_there_is_told_once(self):
        self.with_shots(worker=WorkerSettings(start=False, address="nowhere"), encoding="")
        with self.assertRaises(ClientError) as caught:
            self.controller.colorize()
        self.assertEqual(len(caught.exception.problems), 2)

    def test_a_shots_file_and_its_pictures_make_a_result_stale(self):
        self.colorize(self.with_shots())
        self.assertEqual(self.controller.refresh(), "done")
        with open(self.shots, "a") as file:
            file.write(" ")
        self.assertEqual(self.controller.refresh(), "stale")
        with open(self.shots, "w") as file:
            file.write("version: 1")
        self.assertEqual(self.controller.refresh(), "done")
        os.utime(self.picture, (1, 1))
        self.assertEqual(self.controller.refresh(), "stale", "the picture is a new delivery")
        self.colorize(PlayedWorker(seen={"files": [self.shots, self.picture]}))
        self.assertEqual((self.controller.state, finished(self.cache)), ("done", [1, 2]))
        self.controller.show_version(2)
        self.assertEqual(self.controller.state, "done")

    def test_a_check_says_at_once_that_it_asks_and_in_the_end_what_came_of_it(self):
        worker, said = PlayedWorker(), []
        worker.check = lambda is_cancelled: {"version": "0.1.0", "device": "cpu"}
        with mock.patch("vcnode_client.controller.reach", return_value=worker):
            self.controller.check_worker(said.append)
        self.assertEqual(said[0], "asking ...")
        self.assertIn("vcnode 0.1.0", said[1])
        with self.assertRaises(ClientError):
            self.controller.check_worker(said.append)
        self.assertEqual(said[2:], ["asking ...", "no answer"])
        self.host.gui = True
        self.controller.check_worker(said.append)
        self.assertEqual((said[-1], len(self.host.told)), ("no answer", 2))

    def test_one_run_at_a_time(self):
        refused = []

        def press_again(frame):
            try:
                self.controller.colorize()
            except ClientError as error:
                refused.append(str(error))

        self.colorize(PlayedWorker(press_again))
        self.assertEqual(self.controller.state, "done")
        self.assertIn("already", refused[0])

    def test_a_node_that_is_deleted_meanwhile_leaves_its_frames_and_a_line_in_the_log(self):
        self.host.gui = True
        gone = mock.Mock(side_effect=ValueError("not attached to a node"))

        def delete(frame):
            self.host.show = self.host.report = self.host.attach = gone

        with self.assertLogs("vcnode"):
            self.colorize(PlayedWorker(delete))
        self.assertEqual((finished(self.cache), self.controller.running), ([1], False))

    def test_a_bug_of_ours_is_reported_too(self):
        self.host.gui = True
        self.host.attach = mock.Mock(side_effect=ValueError("gone"))
        with self.assertLogs("vcnode", "ERROR"):
            self.colorize()
        self.assertIn("unexpected", self.host.told[0][0])


if __name__ == "__main__":
    unittest.main()
