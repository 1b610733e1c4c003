import unittest

from vcnode_client import encodings


class Encodings(unittest.TestCase):
    def test_luminance_of_white_is_one(self):
        for name, weights in encodings.LUMINANCE.items():
            self.assertAlmostEqual(sum(weights), 1, places=6, msg=name)

    def test_names_of_configurations(self):
        known = {
            "ACES - ACEScg": "acescg",
            "ACEScg": "acescg",
            "lin_ap1": "acescg",
            "ACES2065-1": "aces2065-1",
            "ACES - ACES2065-1": "aces2065-1",
            "linear": "linear-srgb",
            "lin_srgb": "linear-srgb",
            "Linear Rec.709 (sRGB)": "linear-srgb",
            "Utility - Linear - sRGB": "linear-srgb",
            "Utility - Linear - Rec.709": "linear-srgb",
            "Linear Rec.2020": "linear-rec2020",
            "Utility - Linear - Rec.2020": "linear-rec2020",
            "Linear P3-D65": "linear-p3-d65",
            "lin_p3d65": "linear-p3-d65",
        }
        for name, encoding in known.items():
            self.assertEqual(encodings.guess(name), encoding, name)

    def test_nothing_is_guessed_from_other_names(self):
        for name in ("sRGB", "Output - Rec.709", "ARRI LogC3 (EI800)", "scene_linear", "Linear ARRI Wide Gamut 3", ""):
            self.assertIsNone(encodings.guess(name), name)

    def test_files(self):
        self.assertEqual(encodings.of_file("/a/r.PNG", "acescg"), "srgb")
        self.assertEqual(encodings.of_file("/a/r.EXR", "acescg"), "acescg")


if __name__ == "__main__":
    unittest.main()
