import unittest

from vcnode_client import frames
from vcnode_client.problems import ClientError


class Frames(unittest.TestCase):
    def test_lists_are_read(self):
        self.assertEqual(frames.parse("1001-1004, 1010,1020-1030x5"), [1001, 1002, 1003, 1004, 1010, 1020, 1025, 1030])
        self.assertEqual(frames.parse("-3--1,-2"), [-3, -2, -1])

    def test_they_are_written_shortly(self):
        self.assertEqual(frames.in_words([1004, 1001, 1002, 1003, 1007]), "1001-1004, 1007")
        self.assertEqual(frames.in_words([]), "")

    def test_what_is_written_is_read_again(self):
        for numbers in ([5], [-2, -1, 0, 7], list(range(90, 110))):
            self.assertEqual(frames.parse(frames.in_words(numbers)), numbers)

    def test_a_range_has_no_gaps(self):
        self.assertEqual(frames.parse_range("1001-1120"), (1001, 1120))
        with self.assertRaisesRegex(ClientError, "gaps"):
            frames.parse_range("1001-1010,1012")

    def test_nonsense_is_named(self):
        for text in ("", "a-b", "1-5x0", "1..5"):
            with self.assertRaisesRegex(ClientError, "write it like"):
                frames.parse(text)
        with self.assertRaisesRegex(ClientError, "'10-1' ends before it begins"):
            frames.parse("1,10-1")


if __name__ == "__main__":
    unittest.main()
