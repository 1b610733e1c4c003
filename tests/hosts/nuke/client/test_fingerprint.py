import os
import tempfile
import unittest
from dataclasses import replace

from recorded_host import settings
from vcnode_client.fingerprint import fingerprint
from vcnode_client.host import Clip
from vcnode_client.settings import ReferenceSettings, WorkerSettings

CLIP = Clip(1001, 1004, 72, 56)


def digest(chosen, clip=CLIP, upstream="text", pictures=()):
    return fingerprint(chosen, clip, ["main"], upstream, pictures)


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
            {"direction": "forward"},
            {"shots_file": "/nowhere/shots.yaml"},
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

    def test_a_shots_file_counts_by_what_it_says_and_its_pictures_by_size_and_date(self):
        with tempfile.TemporaryDirectory() as folder:
            path, picture = (os.path.join(folder, name) for name in ("shots.yaml", "r.png"))
            chosen = settings(folder, references=(), shots_file=path)
            found = [digest(chosen, pictures=[picture])]
            for changed, text in ((path, "one"), (picture, "pixels"), (path, "two"), (picture, "more pixels")):
                with open(changed, "w") as file:
                    file.write(text)
                found.append(digest(chosen, pictures=[picture]))
            os.utime(picture, (1, 1))
            found.append(digest(chosen, pictures=[picture]))
            found.append(digest(chosen, clip=Clip(1000, 1004, 72, 56), pictures=[picture]))
            found.append(digest(chosen))
            self.assertEqual(len(set(found)), len(found))
            os.utime(path, (1, 1))
            self.assertEqual(digest(chosen), found[-1])
            self.assertEqual(digest(chosen, clip=Clip(1001, 1009, 72, 56)), found[-1], "its last frame moves nothing")


if __name__ == "__main__":
    unittest.main()
