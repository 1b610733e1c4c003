import os
import tempfile
import unittest

from vcnode_client.patterns import FramePattern, full_path


class Patterns(unittest.TestCase):
    def test_both_ways_of_writing(self):
        for text in ("/a/b.%04d.exr", "/a/b.####.exr"):
            self.assertEqual(FramePattern(text).path(7), "/a/b.0007.exr")
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

    def test_every_place_is_filled(self):
        self.assertEqual(FramePattern("/a/b.%04d.###.exr").path(7), "/a/b.0007.007.exr")
        self.assertEqual(FramePattern("/a.%04d/%V/b#.exr").for_view("left").path(7), "/a.0007/left/b7.exr")
        self.assertTrue(FramePattern("/a.%04d/b.exr").numbered)

    def test_stamps_tell_a_file_that_was_made_anew(self):
        with tempfile.TemporaryDirectory() as folder:
            pattern = FramePattern(folder + "/b.%04d.exr")
            for frame in (1, 3):
                with open(pattern.path(frame), "w") as file:
                    file.write("pixels")
            before = pattern.stamps(1, 3)
            self.assertEqual((len(before), before[1]), (3, None))
            os.utime(pattern.path(3), (1, 1))
            self.assertEqual(pattern.stamps(1, 3), [before[0], None, (6, 1)])
            self.assertEqual(FramePattern(pattern.path(3)).stamps(1, 10**9), [(6, 1)])

    def test_full_paths(self):
        root = os.path.abspath(os.sep).replace("\\", "/")
        self.assertEqual(full_path("../b/./c.exr", root + "a/shots"), root + "a/b/c.exr")
        self.assertEqual(full_path(f" {root}a//b/../c/ ", root + "shots"), root + "a/c")
        self.assertEqual(full_path("~/c.exr", root), os.path.expanduser("~").replace("\\", "/") + "/c.exr")
        self.assertEqual(full_path("", root), "")

    def test_missing_and_empty_files_are_found(self):
        with tempfile.TemporaryDirectory() as folder:
            pattern = FramePattern(folder + "/b.%04d.exr")
            for frame, text in ((1, "x"), (2, ""), (4, "x")):
                with open(pattern.path(frame), "w") as file:
                    file.write(text)
            self.assertEqual(pattern.missing(1, 4), [2, 3])


if __name__ == "__main__":
    unittest.main()
