import io
import os
import sys
import unittest
from unittest import mock

from vcnode_client import launching
from vcnode_client.connection import Connection
from vcnode_client.problems import ClientError, WorkerLost


def connected(said):
    return Connection(io.BytesIO(said), io.BytesIO(), lambda: "it is gone")


class Connections(unittest.TestCase):
    def test_messages_come_in_order_then_the_end(self):
        connection = connected(b'{"type": "hello"}\n{"type": "checked"}\n')
        self.assertEqual([connection.receive(5)["type"] for _ in range(2)], ["hello", "checked"])
        for _ in range(2):
            with self.assertRaisesRegex(WorkerLost, "gone"):
                connection.receive(5)

    def test_an_end_in_the_middle_of_a_line(self):
        connection = connected(b'{"type": "hello"}\n{"type": "prog')
        connection.receive(5)
        with self.assertRaises(WorkerLost):
            connection.receive(5)

    def test_something_else_talks(self):
        with self.assertRaisesRegex(ClientError, "no message"):
            connected(b"Welcome to Python\n").receive(5)

    def test_nobody_listens(self):
        connection = Connection(
            io.BytesIO(b""), mock.Mock(write=mock.Mock(side_effect=BrokenPipeError)), lambda: "gone"
        )
        with self.assertRaises(WorkerLost):
            connection.send({"type": "quit"})


class Launching(unittest.TestCase):
    def test_the_environment_is_without_what_the_host_sets_for_itself(self):
        home = os.path.dirname(os.path.realpath(sys.executable))
        given = {
            "PYTHONHOME": home,
            "PYTHONPATH": "/pipeline",
            "LD_LIBRARY_PATH": os.pathsep.join([home, "/opt/driver"]),
            "QT_PLUGIN_PATH": home,
            "VCNODE_HOME": "/models",
        }
        with mock.patch.dict(os.environ, given):
            environment = launching.clean_environment()
        self.assertNotIn("PYTHONHOME", environment)
        self.assertNotIn("PYTHONPATH", environment)
        self.assertNotIn("QT_PLUGIN_PATH", environment)
        self.assertEqual(environment["LD_LIBRARY_PATH"], "/opt/driver")
        self.assertEqual(environment["VCNODE_HOME"], "/models")

    def test_the_python_is_chosen_or_the_studios(self):
        with mock.patch.dict(os.environ, {"VCNODE_PYTHON": sys.executable}):
            self.assertTrue(os.path.samefile(launching.find_python(" "), sys.executable))
            with self.assertRaisesRegex(ClientError, "does not exist"):
                launching.find_python("/no/python")

    def test_a_log_that_cannot_be_written(self):
        with self.assertRaisesRegex(ClientError, "cannot be started"):
            launching.start(sys.executable, os.path.join(os.path.dirname(__file__), "no", "such", "folder.log"))


if __name__ == "__main__":
    unittest.main()
