import os
import subprocess
import sys
import tempfile
import unittest

from vcnode_client import versions
from vcnode_client.problems import ClientError


def in_another_process(code):
    """What it prints."""
    folder = os.path.dirname(os.path.dirname(versions.__file__))
    code = f"import sys; sys.path.insert(0, {folder!r}); {code}"
    return subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE).stdout


class Versions(unittest.TestCase):
    def setUp(self):
        self._folder = tempfile.TemporaryDirectory()
        self.addCleanup(self._folder.cleanup)
        self.base = self._folder.name.replace("\\", "/") + "/node"

    def test_they_count_up_and_are_whole_or_not_there(self):
        for number in (1, 2):
            version = versions.claim(self.base, "a")
            self.assertEqual(version.number, number)
            self.assertEqual(versions.finished(self.base), list(range(1, number)))
            version.publish({"fingerprint": "a"}, drop=())
        self.assertEqual(versions.finished(self.base), [1, 2])
        self.assertEqual(versions.read_note(self.base, 2), {"fingerprint": "a"})

    def test_the_same_job_goes_on_and_another_begins_anew(self):
        version = versions.claim(self.base, "a")
        with open(version.subfolder("input") + "/frame", "w"):
            pass
        version.set_inputs_there()
        version.leave()
        again = versions.claim(self.base, "a")
        self.assertEqual(again.folder, version.folder)
        self.assertTrue(again.inputs_there)
        again.leave()
        other = versions.claim(self.base, "b")
        self.assertFalse(other.inputs_there)
        self.assertEqual(os.listdir(other.folder), ["job.json"])
        other.leave()

    def test_nobody_takes_a_folder_that_is_in_use(self):
        mine = versions.claim(self.base, "a")
        theirs = versions.claim(self.base, "a")
        self.assertNotEqual(mine.folder, theirs.folder)
        code = f"from vcnode_client import versions; print(versions.claim({self.base!r}, 'a').number)"
        self.assertEqual(int(in_another_process(code)), 3)
        mine.publish({}, drop=())
        theirs.leave()
        self.assertEqual(versions.finished(self.base), [1])

    def test_a_process_that_died_holds_nothing(self):
        code = f"import os; from vcnode_client import versions; versions.claim({self.base!r}, 'a'); os._exit(9)"
        in_another_process(code)
        version = versions.claim(self.base, "a")
        self.assertEqual(version.number, 1)
        version.leave()

    def test_what_is_not_wanted_is_dropped(self):
        version = versions.claim(self.base, "a")
        version.subfolder("input", "main")
        version.publish({}, drop=("input",))
        self.assertEqual(sorted(os.listdir(version.final)), ["job.json"])

    def test_a_folder_that_cannot_be_written(self):
        with open(self.base, "w"):
            pass
        with self.assertRaisesRegex(ClientError, "cannot be written"):
            versions.claim(self.base, "a")


if __name__ == "__main__":
    unittest.main()
