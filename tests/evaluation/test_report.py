"""Text and page for people."""

import base64
import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from PIL import Image

from vcnode.evaluation.report_curve import chart
from vcnode.evaluation.report_html import html_page
from vcnode.evaluation.report_table import grid, table

VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """Checks that what is opened is closed, and collects attributes and text."""

    def __init__(self, source):
        super().__init__()
        self.open, self.attributes, self.text = [], [], []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.attributes += [(tag, *pair) for pair in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def test_the_page_is_whole_and_needs_nothing_else(evaluation):
    source = html_page(evaluation)
    page = Page(source)
    assert page.open == []
    assert not re.search(r"https?://|@import|<script|<link", source)
    linked = [value for _, name, value in page.attributes if name in ("src", "href")]
    assert linked
    assert all(value.startswith("data:image/webp;base64,") for value in linked)
    for value in linked[:4]:
        with Image.open(io.BytesIO(base64.b64decode(value.partition(",")[2]))) as image:
            image.load()
    said = " ".join(page.text)
    assert all(word in said for word in ("untrained composition", "Left out", "old", "moving", "Versions"))


def test_names_are_escaped(evaluation):
    name = '<b onload="x">&'
    renamed = replace(evaluation, clips=tuple(replace(clip, clip=name) for clip in evaluation.clips))
    source = html_page(renamed)
    assert "<b onload" not in source
    assert name in "".join(Page(source).text)


@pytest.mark.parametrize("status", ["interrupted", "running"])  # the latter where a failure ended it
def test_an_unfinished_run_says_so(evaluation, status):
    stopped = replace(evaluation, status=status, clips=evaluation.clips[:1])
    assert f"This run is {status}" in html_page(stopped)
    assert "Interrupted" in table(stopped)
    assert "Interrupted" not in table(evaluation)


def test_the_table_has_every_method_clip_and_reason(evaluation):
    text = table(evaluation)
    for method, value in evaluation.summary["ab_psnr"].items():
        assert re.search(rf"^{method} .*\b{value:.2f}\b", text, re.MULTILINE)
    assert re.search(r"^moving\s+13 ", text, re.MULTILINE)
    assert "left out of first-frame: old: it is gray" in text
    assert re.search(r"Beyond 10 frames .*: (yes|no) \(smallest lead", text)
    assert "no fid: " in text


def test_columns_are_aligned():
    assert grid(["a", "bb"], [["ccc", "1"]]).splitlines() == ["a    bb", "ccc   1"]


@pytest.mark.parametrize(
    "points", [[(1.0, 40.0)], [(1.0, 40.0), (39.0, 40.0)], [(number, number**2) for number in range(40)]]
)
def test_curves_stay_inside_their_picture(points):
    picture = chart({"one & only": points}, across="frames", up="dB", line=1.0)
    page = Page(picture)
    assert page.open == []
    assert "one & only" in page.text
    placed = next(value for tag, name, value in page.attributes if tag == "polyline" and name == "points")
    pairs = [tuple(map(float, pair.split(","))) for pair in placed.split()]
    assert len(pairs) == len(points)
    assert all(52 <= x <= 760 and 0 <= y <= 320 for x, y in pairs)


def test_nothing_to_draw_is_no_picture():
    assert chart({}, across="frames", up="dB") == ""
