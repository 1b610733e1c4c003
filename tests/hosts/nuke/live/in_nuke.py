"""Runs inside a real Nuke: nuke -t in_nuke.py --folder FOLDER. What the fake claims about Nuke is tried here."""

import argparse
import sys

import nuke


def build(folder):
    """A plate, a painted frame, and a VCNode."""
    plate = nuke.nodes.Read(name="Plate", raw=True)
    plate["file"].fromUserText(f"{folder}/plate.%04d.exr 1001-1004")
    painted = nuke.nodes.Read(name="Painted", raw=True)
    painted["file"].fromUserText(f"{folder}/painted.%04d.exr 1001-1001")
    node = nuke.createNode("VCNode")
    node.setInput(0, plate)
    node.setInput(1, painted)
    node["range_reset"].execute()
    node["ref1_frame"].setValue(1001)
    node["encoding"].setValue("linear-srgb")
    nuke.scriptSaveAs(f"{folder}/shot.nk", overwrite=True)
    return node


def check(condition, what):
    if not condition:
        raise AssertionError(what)


def sampled(node, frame, x=30, y=30):
    nuke.frame(frame)
    return [node.sample(f"rgba.{channel}", x, y) for channel in ("red", "green", "blue")]


def luminance(rgb):
    return 0.2126390059 * rgb[0] + 0.7151686788 * rgb[1] + 0.0721923154 * rgb[2]


def checks(node):
    plate = node.input(0)
    check((node["range_first"].value(), node["range_last"].value()) == (1001, 1004), "the Source's range")
    check(sampled(node, 1002) == sampled(plate, 1002), "before a run, the source shows")
    node["run"].execute()
    check(not [each for each in node.nodes() if each.Class() == "Write"], "a Write was left behind")
    for frame in (1001, 1003):
        before, after = sampled(plate, frame), sampled(node, frame)
        check(abs(luminance(before) - luminance(after)) < 1e-4, f"luminance of frame {frame}: {before} {after}")
        check(max(after) - min(after) > 0.02, f"colour of frame {frame}: {after}")
    check("vcn_confidence.confidence" in node.channels(), "the layer of the confidence")
    node["saturation"].setValue(0)
    check(max(sampled(node, 1002)) - min(sampled(node, 1002)) < 1e-4, "saturation is live")
    node["saturation"].setValue(1)
    node["mix"].setValue(0)
    check(sampled(node, 1002) == sampled(plate, 1002), "mix")
    node["mix"].setValue(1)
    check(sampled(node, 1010) == sampled(plate, 1010), "outside the range, the source shows")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--folder", required=True)
    parser.add_argument("--only-save", action="store_true")
    chosen = parser.parse_args(sys.argv[1:])
    made = build(chosen.folder)
    if not chosen.only_save:
        checks(made)
        print("every check passed")
