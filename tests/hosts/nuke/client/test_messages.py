import unittest

from vcnode_client import messages
from vcnode_client.problems import ClientError

HELLO = {"type": "hello", "protocol": 1, "version": "0.1.0"}


class Messages(unittest.TestCase):
    def test_there_and_back_in_one_line(self):
        message = {"type": "job", "id": "j1", "job": {"clip": "sh\u00f6t\n", "weight": 1.5, "mask": None}}
        line = messages.encode(message)
        self.assertEqual(line.count(b"\n"), 1)
        self.assertEqual(messages.decode(line), message)

    def test_a_line_that_is_no_message(self):
        for line in (b"Traceback (most recent call last):\n", b"[]\n", b"{}\n", b"\xff\n"):
            with self.assertRaisesRegex(ClientError, "no message"):
                messages.decode(line)

    def test_too_long(self):
        with self.assertRaisesRegex(ClientError, "too long"):
            messages.encode({"type": "job", "job": "x" * messages.LONGEST})

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
