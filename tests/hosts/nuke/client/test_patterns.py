import os
import tempfile
import unittest

from vcnode_client.patterns import FramePattern
from vcnode_client.problems import ClientError


class Patterns(unittest.TestCase):
    def test_both_ways_of_writing(self):
        for text in ("/a/b.%04d.exr", "/a/b.####.exr"):
            self.assertEqual(FramePattern(text).path(7), "/a/b.0007.exr")
            self.assertEqual(FramePattern(text).with_percent, "/a/b.%04d.exr")
        self.assertEqual(FramePattern("/a/b.%d.exr").path(1001), "/a/b.1001.exr")

    def test_backslashes_become_forward_slashes(self):
        self.assertEqual(FramePattern("C:\\shots\\b.%04d.exr").path(1), "C:/shots/b.0001.exr")

    def test_negative_frames_as_programs_write_them(self):
        self.assertEqual(FramePattern("b.%04d.exr").path(-5), f"b.{-5:04d}.exr")

    def test_views(self):
        pattern = FramePattern("/a/%V/b_%v.%04d.exr").for_view("left")
        self.assertEqual(pattern.path(2), "/a/left/b_l.0002.exr")

    def test_a_plain_name_stays(self):
        self.assertEqual(FramePattern("/a/ref1.exr").path(1010), "/a/ref1.exr")
        self.assertFalse(FramePattern("/a/ref1.exr").numbered)

    def test_two_places_are_refused(self):
        for text in ("/a/b.%04d.%04d.exr", "/a.%04d/b.exr"):
            with self.assertRaises(ClientError):
                FramePattern(text)

    def test_missing_and_empty_files_are_found(self):
        with tempfile.TemporaryDirectory() as folder:
            pattern = FramePattern(folder + "/b.%04d.exr")
            for frame, text in ((1, "x"), (2, ""), (4, "x")):
                with open(pattern.path(frame), "w") as file:
                    file.write(text)
            self.assertEqual(pattern.missing(1, 4), [2, 3])
            later = os.stat(pattern.path(1)).st_mtime + 100
            self.assertEqual(pattern.missing(1, 1, since=later), [1])


if __name__ == "__main__":
    unittest.main()
