import unittest

from vcnode_client import messages
from vcnode_client.colouring import line
from vcnode_client.problems import ClientError

HELLO = {"type": "hello", "protocol": 1, "version": "0.1.0"}


class Messages(unittest.TestCase):
    def test_there_and_back_in_one_line(self):
        message = {"type": "job", "id": "j1", "job": {"clip": "sh\u00f6t\n", "weight": 1.5, "mask": None}}
        encoded = messages.encode(message)
        self.assertEqual(encoded.count(b"\n"), 1)
        self.assertEqual(messages.decode(encoded), message)

    def test_a_line_that_is_no_message(self):
        for encoded in (b"Traceback (most recent call last):\n", b"[]\n", b"{}\n", b"\xff\n"):
            with self.assertRaisesRegex(ClientError, "no message"):
                messages.decode(encoded)

    def test_too_long(self):
        with self.assertRaisesRegex(ClientError, "too long"):
            messages.encode({"type": "job", "job": "x" * messages.LONGEST})

    def test_progress_in_words(self):
        said = {"frame": 1024, "done": 24, "total": 120, "fps": 1.66, "seconds_left": 56.7}
        self.assertEqual(line(said), "frame 1024, 24 of 120, 1.7 fps, 0:56 left")
        back = dict(said, fps=0.0, seconds_left=None, backward=True)
        self.assertEqual(line(back), "backward, frame 1024, 24 of 120")

    def test_greetings(self):
        messages.check_hello(HELLO)
        for wrong, said in (
            (dict(HELLO, protocol=2), "same version"),
            ({"type": "checked"}, "did not greet"),
            ({"type": "error", "problem": "wrong token"}, "wrong token"),
        ):
            with self.assertRaisesRegex(ClientError, said):
                messages.check_hello(wrong)


if __name__ == "__main__":
    unittest.main()
