"""A drawing with fewer letters: path by path by hand, and pixel by pixel beside the drawing as matplotlib wrote it."""

from __future__ import annotations

import re

import numpy as np
from live_pages import browsing
from PIL import Image

from featurelens.models.screening.data_map import DataMap
from featurelens.reports.plots import plot as plots
from featurelens.reports.plots.compact_svg import compact_svg
from featurelens.reports.plots.performance import reliability
from featurelens.reports.plots.screening import class_circle


def drawings():
    """Two charts as matplotlib draws them."""
    for plot in charts():
        yield plots.Plot(plot.figure, plot.title, plot.description)


def charts():
    random = np.random.default_rng(0)
    points = random.uniform(-1, 1, (80, 2))
    places = np.array([[1.0, 0.0], [-0.5, 0.8], [-0.5, -0.8]])
    circle = DataMap(np.arange(3), places, points)
    shares = np.linspace(0.05, 0.95, 7)
    yield class_circle(circle, np.zeros(80, int), points[:, 0] > 0, ("one", "two", "three"))
    yield reliability(shares, shares**2, np.arange(7) * 10, 0.2)


def test_paths_groups_and_styles_by_hand():
    step = '<g><path d="M 1.00 2 L 1 5 L 4.50 5 L 4.50 5 L 6 7 z" style="fill: none; stroke: red"/></g>'
    assert (
        compact_svg(step, "p-") == '<style>.p-0{fill:none;stroke:red}</style><path d="M1 2V5H4.5h0L6 7z" class="p-0"/>'
    )
    curve = '<path d="M 0 0 C 1 2 3 4 5 6 L 5 8 Q 1 1 2 2 L 2 3"/>'
    assert compact_svg(curve, "p-") == '<path d="M0 0C1 2 3 4 5 6V8Q1 1 2 2V3"/>'
    assert compact_svg('<g/><g><g id="a"><text>1.50 L 2</text></g></g>', "p-") == '<g id="a"><text>1.50 L 2</text></g>'
    assert compact_svg('<path d="M 0 0 L 9 9" style="fill: none"/>', "p-") == ""
    clipped = '<path clip-path="url(#a)" style="fill: red"/><g clip-path="url(#a)"><text>1</text></g>'
    kept = '<path class="p-0"/><g clip-path="url(#a)"><text>1</text></g>'
    assert compact_svg(clipped, "p-") == f"<style>.p-0{{fill:red;clip-path:url(#a)}}</style>{kept}"
    shared = compact_svg('<path style="fill: red"/><path style="fill: red"/>', "p-")
    assert shared == '<style>.p-0{fill:red}</style><path class="p-0"/><path class="p-0"/>'


def test_a_round_marker_is_two_arcs_and_any_other_shape_stays():
    ends = [(0, 2), (1.41, 1.41), (2, 0), (1.41, -1.41), (0, -2), (-1.41, -1.41), (-2, 0), (-1.41, 1.41), (0, 2)]
    around = [(x + 5, y + 7) for x, y in ends]
    curves = "".join(f"C 1 1 2 2 {x:g} {y:g} " for x, y in around[1:])
    assert compact_svg(f'<path d="M 5 9 {curves}z"/>', "p-") == '<path d="M5 9a2 2 0 1 0 0 -4a2 2 0 1 0 0 4z"/>'
    assert "C1 1 2 2" in compact_svg(f'<path d="M 5 9 {curves.replace("7 7", "8 7")}z"/>', "p-")


def test_it_looks_the_same_and_is_less_than_half_as_long(monkeypatch, tmp_path):
    short = [drawing.svg() for drawing in drawings()]
    monkeypatch.setattr(plots, "compact_svg", lambda body, prefix: body)
    long = [drawing.svg() for drawing in drawings()]
    for one, other in zip(short, long, strict=True):
        assert len(one) < 0.65 * len(other)
        assert re.findall(r"<text[^>]*>([^<]*)", one) == re.findall(r"<text[^>]*>([^<]*)", other)
    with browsing() as browser:
        page = browser.new_page(viewport={"width": 700, "height": 900})
        shown = []
        for name, both in (("short", short), ("long", long)):
            page.set_content("".join(both))
            page.screenshot(path=tmp_path / f"{name}.png")
            shown.append(np.asarray(Image.open(tmp_path / f"{name}.png").convert("L"), np.int16))
    assert shown[0].std() > 5, "something is drawn"
    assert np.abs(shown[0] - shown[1]).max() <= 16  # of 255, at edges: rounded coordinates, arcs for curves
