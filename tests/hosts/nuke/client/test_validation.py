import os
import sys
import tempfile
import unittest
from unittest import mock

from recorded_host import settings
from vcnode_client.host import Clip
from vcnode_client.settings import ReferenceSettings, WorkerSettings
from vcnode_client.validation import problems_of

CLIP = Clip(1001, 1004, 72, 56)


class Validation(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.worker = WorkerSettings(python=sys.executable)

    def sentences(self, clip=CLIP, **changes):
        changes.setdefault("worker", self.worker)
        found = problems_of(settings(changes.pop("folder", self._folder.name), **changes), clip)
        return [each.sentence for each in found]

    def test_nothing_is_wrong(self):
        self.assertEqual(self.sentences(), [])

    def test_everything_that_is_wrong_is_in_one_list(self):
        found = self.sentences(
            clip=None, first=5, last=1, references=(), encoding="", folder="", worker=WorkerSettings()
        )
        for part in ("Source", "5-1", "no reference", "colour space", "save the script", "VCNODE_PYTHON"):
            self.assertTrue(any(part in each for each in found), (part, found))
        self.assertEqual(len(found), 6)

    def test_ranges(self):
        self.assertIn("1001-1004", self.sentences(first=1000)[0])
        self.assertEqual(self.sentences(clip=Clip(None, None, 72, 56), first=1), [])
        still = (ReferenceSettings(1, -5, keyframe=False),)
        for clip in (Clip(-5, 4, 72, 56), Clip(None, None, 72, 56), CLIP):
            (sentence,) = self.sentences(clip=clip, first=-5, last=4, references=still)
            self.assertIn("below 0", sentence)
        self.assertEqual(self.sentences(clip=Clip(-5, 4, 72, 56), first=0, last=4, references=still), [])

    def test_references(self):
        def about(**changes):
            return self.sentences(references=(ReferenceSettings(2, changes.pop("frame", 1002), **changes),))

        self.assertIn("outside", about(frame=900)[0])
        self.assertEqual(about(frame=900, keyframe=False), [])
        self.assertIn("no weight", about(weight=0)[0])
        self.assertIn("missing", about(file="/nowhere/r.png")[0])
        for name in ("r.%04d.png", "r.####.png"):
            self.assertIn("is a sequence", about(file="/nowhere/" + name)[0])

    def test_ocio_converts_no_exr_files(self):
        for name, problems in (("r.EXR", 1), ("r#.png", 0)):
            path = os.path.join(self._folder.name, name)
            open(path, "w").close()
            references = (ReferenceSettings(3, 1002, file=path),)
            self.assertEqual(self.sentences(references=references), [])
            found = self.sentences(references=references, conversion="camera > acescg")
            self.assertEqual(["connect it to Ref3" in each for each in found], [True] * problems)

    def test_a_shots_file_stands_for_references(self):
        path = os.path.join(self._folder.name, "shots.yaml")
        self.assertIn("no shots file", self.sentences(references=(), shots_file=path)[0])
        with open(path, "w") as file:
            file.write("version: 1")
        self.assertEqual(self.sentences(references=(), shots_file=path), [])
        self.assertEqual(self.sentences(references=(), shots_file=path, first=1002), [])
        endless = Clip(None, None, 72, 56)
        self.assertIn("first frame", self.sentences(clip=endless, references=(), shots_file=path)[0])

    def test_folders(self):
        self.assertIn("command", self.sentences(folder=self._folder.name + "/a[b]")[0])
        self.assertEqual(self.sentences(folder=self._folder.name + "/not/there/yet"), [])
        self.assertIn("save the script", self.sentences(folder="beside/no/script")[0])
        with mock.patch("shutil.disk_usage", return_value=mock.Mock(free=1000)):
            self.assertIn("free", self.sentences()[0])

    def test_workers(self):
        for address in ("", "192.168.0.1:9000", "127.0.0.1", "127.0.0.1:x", "0.0.0.0:9000"):
            self.assertIn("address", self.sentences(worker=WorkerSettings(start=False, address=address))[0], address)
        self.assertEqual(self.sentences(worker=WorkerSettings(start=False, address="127.0.0.1:9000")), [])
        self.assertIn("does not exist", self.sentences(worker=WorkerSettings(python="/no/python"))[0])


if __name__ == "__main__":
    unittest.main()
