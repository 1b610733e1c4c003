"""Draws the pictures of docs/nuke.md from the node's own source and from a run in the fake Nuke.

PYTHONPATH=hosts/nuke:hosts/nuke/nuke python -m tests.hosts.nuke.draw_manual, with VCNODE_PYTHON set to the Python that
has vcnode.
"""

import os
import tempfile
from importlib import resources
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from gizmo_source import graph, panel
from gizmo_source.backdrops import TILE_WIDTH
from tests.hosts.nuke.conftest import start_up
from tests.hosts.nuke.fake_nuke import Picture, running
from tests.hosts.nuke.fake_nuke.operators import operate, to_linear, to_srgb
from vcnode.media import open_source, rgb_from_frame

TARGET = Path(__file__).resolve().parents[3] / "docs" / "nuke"
FIRST, COUNT = 1001, 24
_BACK, _INK, _FAINT, _FIELD, _BUTTON = "#3a3a3a", "#dddddd", "#9a9a9a", "#262626", "#505050"
_TILES = {"Group": "#6f5fb8", "Read": "#8a8a8a", "Input": "#5f7f6a", "Output": "#5f7f6a", "Write": "#b09a3c"}


def font(size=13):
    return ImageFont.load_default(size)


def main():
    TARGET.mkdir(exist_ok=True)
    for name, picture in (("panel", draw_panel()), ("inside", draw_inside()), ("script", draw_script())):
        save(picture, name)
    save(draw_result(), "result")


def save(picture, name):
    colors = 256 if name == "result" else 64
    picture.convert("RGB").quantize(colors, dither=Image.Dither.NONE).save(TARGET / f"{name}.png", optimize=True)


def draw_panel():
    """The first tab, as its knobs are declared."""
    rows = [[]]
    for knob in panel.knobs()[1:]:
        if knob.kind == 20:
            break
        if knob.kind == 26 and not knob.name:
            rows += [[knob], []]
        elif "-STARTLINE" in knob.flags or (knob.kind == 22 and "+STARTLINE" not in knob.flags):
            rows[-1].append(knob)
        else:
            rows.append([knob])
    rows = [row for row in rows if row]
    picture = Image.new("RGB", (640, 27 * len(rows) + 46), _BACK)
    pen = ImageDraw.Draw(picture)
    pen.text((14, 10), "  |  ".join(each.label for each in panel.knobs() if each.kind == 20), _INK, font(14))
    for number, row in enumerate(rows):
        _draw_row(pen, row, 40 + 27 * number)
    return picture


def _draw_row(pen, row, top):
    if row[0].kind == 26 and not row[0].name:
        pen.line((14, top + 12, 626, top + 12), _FAINT)
        pen.rectangle((20, top, 30 + pen.textlength(row[0].label, font()), top + 20), _BACK)
        pen.text((24, top + 3), row[0].label, _FAINT, font())
        return
    left = 110
    for place, knob in enumerate(row):
        label = knob.label if knob.label is not None else knob.name
        if knob.kind == 22:
            width = pen.textlength(label, font()) + 16
            pen.rounded_rectangle((left, top, left + width, top + 21), 4, _BUTTON)
            pen.text((left + 8, top + 3), label, _INK, font())
            left += width + 8
            continue
        if knob.kind == 6:
            pen.rectangle((left, top + 4, left + 13, top + 17), _FIELD, _FAINT)
            if knob.value:
                pen.line((left + 3, top + 10, left + 6, top + 14, left + 11, top + 6), _INK, 2)
            pen.text((left + 18, top + 3), label, _INK, font())
            left += 30 + pen.textlength(label, font())
            continue
        length = pen.textlength(label, font())
        if place == 0:
            pen.text((100 - length, top + 3), label, _INK, font())
        elif label:
            pen.text((left, top + 3), label, _INK, font())
            left += length + 6
        text = knob.target if knob.kind == 26 else str("" if knob.value is None else knob.value)
        width = {1: 200, 2: 480, 26: 480, 4: 90, 7: 60, 41: 48}.get(knob.kind, 52)
        if knob.kind != 26:
            pen.rectangle((left, top, left + width, top + 20), _FIELD)
        pen.text((left + 5, top + 3), text, _INK if knob.kind != 26 else _FAINT, font())
        left += width + 8


def _tile(pen, x, y, text, kind, width=118):
    color = _TILES.get(kind, "#55606e")
    pen.rounded_rectangle((x - width // 2, y - 14, x + width // 2, y + 14), 6, color)
    pen.text((x - pen.textlength(text, font(12)) / 2, y - 7), text, "white", font(12))


def _wire(pen, start, end, color=_INK):
    pen.line((*start, *end), color, 1)
    down = 1 if end[1] > start[1] else -1
    pen.polygon([(end[0], end[1]), (end[0] - 4, end[1] - 8 * down), (end[0] + 4, end[1] - 8 * down)], color)


def draw_inside():
    """The nodes inside the Group, where they stand on their backdrops, and a ghost where the Write comes and goes."""
    nodes = {each.name: each for each in graph.nodes() if each.kind != "BackdropNode"}
    spots = {name: _spot(each.x + TILE_WIDTH / 2, each.y + 14) for name, each in nodes.items()}
    picture = Image.new("RGB", (1050, 950), _BACK)
    pen, labels = ImageDraw.Draw(picture), []
    for backdrop in (block.backdrop for block in graph.blocks()):
        left, top = _spot(backdrop.x, backdrop.y)
        right, bottom = _spot(backdrop.x + backdrop.knobs["bdwidth"], backdrop.y + backdrop.knobs["bdheight"])
        spare = 33  # tiles are drawn wider than Nuke's, to hold their names
        pen.rectangle((left - spare, top, right + spare, bottom), "#" + backdrop.knobs["tile_color"].text[2:8])
        labels.append(((left - spare + 6, top + 3), backdrop.knobs["label"]))
    for name, node in nodes.items():
        for source in node.inputs:
            (x0, y0), (x1, y1) = spots[source], spots[name]
            _wire(pen, (x0, y0 + 14), (x1, y1 - 14))
    for name, node in nodes.items():
        _tile(pen, *spots[name], name, node.kind)
    for place, label in labels:
        pen.text(place, label, _INK, font(12))
    for name in ("PlateToRender", "RefToRender"):
        x, y = spots[name]
        pen.line((x, y + 14, x, y + 26), _FAINT)
        pen.rounded_rectangle((x - 59, y + 26, x + 59, y + 50), 6, outline=_FAINT)
        pen.text((x - 55, y + 31), "Write, during a run", _FAINT, font(12))
    return picture


def _spot(x, y):
    return 205 + int(x * 0.66), 34 + int(y * 0.68)


def draw_script():
    """How a shot is wired."""
    picture = Image.new("RGB", (640, 330), _BACK)
    pen = ImageDraw.Draw(picture)
    spots = {
        "plate.%04d.exr": (150, 40, "Read"),
        "Denoise": (150, 100, ""),
        "painted.1001.exr": (330, 40, "Read"),
        "FrameHold 1001": (330, 100, ""),
        "Roto": (520, 100, ""),
        "VCNode1": (150, 190, "Group"),
        "the rest of the comp": (150, 240, ""),
        "Write": (150, 295, "Write"),
    }
    wires = (
        ("plate.%04d.exr", "Denoise", ""),
        ("Denoise", "VCNode1", "Source"),
        ("painted.1001.exr", "FrameHold 1001", ""),
        ("FrameHold 1001", "VCNode1", "Ref1"),
        ("Roto", "VCNode1", "mask"),
        ("VCNode1", "the rest of the comp", ""),
        ("the rest of the comp", "Write", ""),
    )
    for start, end, label in wires:
        (x0, y0, _), (x1, y1, _) = spots[start], spots[end]
        place = (x1, y1 - 14) if x0 == x1 else (x1 + 60, y1 - (6 if label == "Ref1" else -6))
        _wire(pen, (x0, y0 + 14), place)
        pen.text(((x0 + place[0]) / 2 + 8, (y0 + place[1]) / 2), label, _FAINT, font(12))
    for name, (x, y, kind) in spots.items():
        _tile(pen, x, y, name, kind, 140)
    return picture


def draw_result():
    """Frames of the sample clip, coloured by a run of the node in the fake Nuke."""
    with resources.as_file(resources.files("vcnode") / "sample") as sample, tempfile.TemporaryDirectory() as folder:
        with open_source(sample / "dog_gray.mp4") as film:
            encoded = [rgb_from_frame(frame, film.info) for frame, _ in zip(film, range(COUNT), strict=False)]
        reference = sample / "dog_reference.jpg"
        frames = [to_linear(each) for each in encoded]
        with running() as session:
            start_up(session)
            nuke, session.script = session.module, f"{Path(folder).as_posix()}/dog.nk"
            plate = nuke.nodes.CheckerBoard2(name="Plate")
            session.pictures[plate] = lambda frame, view: Picture.of_rgb(frames[frame - FIRST])
            session.ranges[plate] = (FIRST, FIRST + COUNT - 1)
            node = nuke.createNode("VCNode")
            node.setInput(0, plate)
            node["range_reset"].execute()
            node["ref1_file"].setValue(reference.as_posix())
            node["ref1_keyframe"].setValue(False)
            node["python"].setValue(Path(os.environ["VCNODE_PYTHON"]).as_posix())
            node["run"].execute()
            shown = [FIRST, FIRST + COUNT - 1]
            results = [operate(node, frame, "main") for frame in shown]
        with Image.open(reference) as opened:
            painted = opened.convert("RGB")
    return _sheet([frames[frame - FIRST] for frame in shown], results, painted)


def _sheet(plates, results, painted):
    height = 150
    columns = ("Source", "reference", "result", "confidence")

    def scaled(picture):
        return picture.resize((round(picture.width * height / picture.height), height), Image.Resampling.LANCZOS)

    def of_linear(rgb):
        return scaled(Image.fromarray((np.clip(to_srgb(rgb), 0, 1) * 255 + 0.5).astype(np.uint8)))

    rows = []
    for plate, result in zip(plates, results, strict=True):
        confidence = np.repeat(result.channels["vcn_confidence.confidence"][..., None], 3, -1)
        as_shown = Image.fromarray((np.clip(confidence, 0, 1) * 255 + 0.5).astype(np.uint8))
        rows.append([of_linear(plate), scaled(painted), of_linear(result.rgb), scaled(as_shown)])
    widths = [max(row[column].width for row in rows) for column in range(4)]
    sheet = Image.new("RGB", (sum(widths) + 8 * 5, 26 + (height + 8) * len(rows)), _BACK)
    pen = ImageDraw.Draw(sheet)
    for column, title in enumerate(columns):
        left = 8 + sum(widths[:column]) + 8 * column
        pen.text((left, 6), title, _INK, font(13))
        for number, row in enumerate(rows):
            sheet.paste(row[column], (left, 26 + (height + 8) * number))
    return sheet


if __name__ == "__main__":
    main()
