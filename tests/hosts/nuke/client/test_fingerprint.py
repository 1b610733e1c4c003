import os
import tempfile
import unittest
from dataclasses import replace

from recorded_host import settings
from vcnode_client.fingerprint import fingerprint
from vcnode_client.host import Clip
from vcnode_client.settings import ReferenceSettings, WorkerSettings

CLIP = Clip(1001, 1004, 72, 56)


def digest(chosen, clip=CLIP, upstream="text"):
    return fingerprint(chosen, clip, ["main"], upstream)


class Fingerprints(unittest.TestCase):
    def test_everything_that_pixels_depend_on_counts(self):
        chosen = settings("/a")
        changes = (
            {"last": 1003},
            {"references": (ReferenceSettings(1, 1002),)},
            {"references": (ReferenceSettings(1, 1001, weight=2),)},
            {"model": "devc"},
            {"working_size": None},
            {"encoding": "acescg"},
            {"overscan": 10},
            {"depth": "float"},
        )
        found = {digest(chosen)} | {digest(replace(chosen, **each)) for each in changes}
        found |= {digest(chosen, upstream="other"), digest(chosen, clip=Clip(1001, 1004, 80, 56))}
        self.assertEqual(len(found), len(changes) + 3)

    def test_places_and_devices_do_not(self):
        chosen = settings("/a")
        other = replace(chosen, folder="/b", device="cuda", worker=WorkerSettings(start=False), keep_input=True)
        self.assertEqual(digest(chosen), digest(other))

    def test_a_new_delivery_of_a_reference_counts(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "r.png")
            chosen = settings(folder, references=(ReferenceSettings(1, 1001, file=path),))
            found = set()
            for text in ("one", "three"):
                with open(path, "w") as file:
                    file.write(text)
                found.add(digest(chosen))
        self.assertEqual(len(found), 2)


if __name__ == "__main__":
    unittest.main()
