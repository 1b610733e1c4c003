"""Draws the icon: a strip of film that turns from gray to colour. Needs Pillow."""

from pathlib import Path

from PIL import Image, ImageDraw

_SCALE = 16  # drawn larger, then made small: smooth edges
_GRAYS = ("#5b5f66", "#8d9198", "#c2c5ca")
_COLORS = ("#3f6fd8", "#e0563f", "#f2b53a")
_FILM, _HOLE = "#23252a", "#e9eaec"


def draw(size: int) -> Image.Image:
    """The icon, `size` pixels wide and high."""
    unit = size * _SCALE / 24
    picture = Image.new("RGBA", (size * _SCALE, size * _SCALE), (0, 0, 0, 0))
    pen = ImageDraw.Draw(picture)

    def box(left: float, top: float, right: float, bottom: float, color: str, radius: float = 0) -> None:
        place = [left * unit, top * unit, right * unit - 1, bottom * unit - 1]
        pen.rounded_rectangle(place, radius=radius * unit, fill=color)

    box(1, 3, 23, 21, _FILM, 2.5)
    for hole in range(6):
        for top in (4.2, 18.3):
            box(2.6 + 3.4 * hole, top, 4.4 + 3.4 * hole, top + 1.5, _HOLE, 0.5)
    for row, (gray, color) in enumerate(zip(_GRAYS, _COLORS, strict=True)):
        top = 6.8 + 3.5 * row
        box(2.6, top, 12, top + 3.5, gray)
        box(12, top, 21.4, top + 3.5, color)
    return picture.resize((size, size), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    folder = Path(__file__).resolve().parent.parent / "VCNode" / "icons"
    draw(24).save(folder / "VCNode.png", optimize=True)
    draw(48).save(folder / "VCNode@2x.png", optimize=True)
