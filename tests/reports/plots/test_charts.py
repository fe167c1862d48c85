"""Charts written here, beside the same charts as matplotlib draws them, and in a browser."""

from __future__ import annotations

import re
import subprocess
import sys

import numpy as np
import pytest
from live_pages import browsing
from matplotlib.ticker import MaxNLocator

from featurelens.interpret.intervals import Interval
from featurelens.models.screening.answer_sets import Refusals
from featurelens.models.screening.data_map import DataMap
from featurelens.reports.plots.charts.chart import Chart
from featurelens.reports.plots.charts.layout import framed
from featurelens.reports.plots.charts.ticks import round_places, tick_words
from featurelens.reports.plots.charts.writing import chart_svg
from featurelens.reports.plots.data import class_distribution, pixel_histogram
from featurelens.reports.plots.layers import layer_measures
from featurelens.reports.plots.performance import precision_recall, reliability
from featurelens.reports.plots.plot import SERIES, Plot
from featurelens.reports.plots.screening import class_circle, refusal_curve
from featurelens.reports.plots.training import training_curves
from featurelens.reports.plots.trust import control_shares, perturbation_curves, randomization_curves

LONG = "a very long name of a class <b>&amp; $x_1"
SHARES = np.linspace(0, 1, 7)
SURE = Interval(0.7, 0.6, 0.8, 100)
CHARTS = {
    "training": lambda: training_curves({"loss": [0.9, 0.5, 0.4], "val_loss": [0.8, 0.6, 0.7]}, "loss", kept=2),
    "precision": lambda: precision_recall({LONG: (SHARES[::-1], 0.5 + SHARES / 2, 0.75), "b": (SHARES, SHARES, 0.5)}),
    "reliability": lambda: reliability(SHARES, SHARES**2, np.arange(7) * 10, 0.2),
    "layers": lambda: layer_measures(
        ["conv1", "batch_normalization"], {LONG: [0.5, 0.25], "b": [np.nan, 0.9]}, title="What is kept"
    ),
    "classes": lambda: class_distribution({"training": np.array([6000, 4]), "b": np.array([6, 9])}, [LONG, "b"]),
    "pixels": lambda: pixel_histogram(np.linspace(0, 1, 9), np.array([90000, 1, 20, 0, 5, 6, 7, 8])),
    "deletion": lambda: perturbation_curves(
        SHARES, dict.fromkeys([LONG, "b", "c"], SHARES), title="Deletion", label="share"
    ),
    "cascade": lambda: randomization_curves(
        ["conv1", LONG], {"HiResCAM": np.array([-0.9, 0.2]), "b": np.array([0.5, 0.1])}
    ),
    "controls": lambda: control_shares({LONG: (SURE, SURE), "b": (SURE, SURE)}),
    "refusals": lambda: refusal_curve(Refusals(SHARES, 1 - SHARES * 0.9, 0.9 + SHARES / 10), 0.5),
    "circle": lambda: class_circle(
        DataMap(np.arange(3), np.array([[1, 0], [-0.5, 0.8], [-0.5, -0.8]]), np.linspace(-1, 1, 40).reshape(20, 2)),
        np.zeros(20, int),
        np.arange(20) > 4,
        (LONG, "two", "three"),
    ),
}


def words(svg):
    return sorted(re.findall(r"<text[^>]*>([^<]*)</text>", svg))


@pytest.mark.parametrize("draw", CHARTS.values(), ids=CHARTS)
def test_the_words_are_those_that_matplotlib_writes(draw):
    plot = draw()
    assert words(plot.svg()) == words(Plot(plot.figure, plot.title, plot.description).svg())
    assert len(words(plot.svg())) > 2


@pytest.mark.parametrize("draw", CHARTS.values(), ids=CHARTS)
def test_the_axes_lie_where_matplotlib_puts_them(draw):
    """Both leave as much room as the texts need, in fonts of a like width: to a tenth of the paper."""
    plot = draw()
    figure = plot.figure
    figure.draw_without_rendering()
    drawn = figure.axes[0]
    frame, paper = framed(plot.drawing), figure.get_size_inches() * 72
    box = drawn.get_position()
    expected = np.array([box.x0, 1 - box.y1, box.x1, 1 - box.y0])
    found = np.array([frame.left, frame.top, frame.right, frame.bottom]) / np.tile(paper, 2)
    np.testing.assert_allclose(found, expected, atol=0.1)
    ends = np.array([drawn.get_xlim(), drawn.get_ylim()])
    np.testing.assert_allclose([frame.x, frame.y], ends, rtol=1e-9, atol=1e-12)
    inner = ends[:, :1] + np.diff(ends) * [[0.1, 0.5, 0.9], [0.9, 0.2, 0.5]]
    shown = drawn.transAxes.inverted().transform(drawn.transData.transform(inner.T))
    across = (frame.across(inner[0]) - frame.left) / (frame.right - frame.left)
    up = (frame.bottom - frame.down(inner[1])) / (frame.bottom - frame.top)
    np.testing.assert_allclose(np.stack([across, up], 1), shown, atol=1e-9)


def test_no_word_leaves_the_paper_and_ticks_do_not_touch():
    with browsing() as browser:
        page = browser.new_page()
        page.set_content("".join(f"<div>{draw().svg()}</div>" for draw in CHARTS.values()))
        outside = page.evaluate(
            """() => [...document.querySelectorAll("svg")].flatMap((svg) => [...svg.querySelectorAll("text")].filter((text) => {
                const box = text.getBoundingClientRect(), paper = svg.getBoundingClientRect();
                return box.left < paper.left - 1 || box.right > paper.right + 1 || box.top < paper.top - 3
                    || box.bottom > paper.bottom + 3;
            }).map((text) => text.textContent))"""
        )
    assert outside == []


def test_ticks_are_those_of_matplotlib():
    random = np.random.default_rng(0)
    for _ in range(300):
        low = float(random.normal() * 10 ** random.uniform(-2, 3))
        high, room = low + float(10 ** random.uniform(-3, 3)), int(random.integers(3, 12))
        locator = MaxNLocator(nbins=min(room, 9), steps=[1, 2, 2.5, 5, 10])
        expected = [tick for tick in locator.tick_values(low, high) if low <= tick <= high]
        np.testing.assert_allclose(round_places(low, high, room), expected, rtol=1e-6, atol=1e-9)


def test_whole_numbers_and_decimals():
    assert round_places(0.8, 5.2, 9, whole=True) == [1, 2, 3, 4, 5]
    assert round_places(0.975, 1.025, 9, whole=True) == [1]
    assert tick_words([-0.25, 0.0, 0.25]) == ["−0.25", "0.00", "0.25"]
    assert tick_words([0.0, 2e-7]) == ["0", "2e−07"]


def test_a_line_is_broken_where_there_is_no_number_and_cut_where_it_leaves_the_axes():
    chart = Chart(3, 3)
    chart.add("plot", [0, 1, 2, 3, 4], [0, 1, np.nan, 1, 0.5], color=SERIES[0])
    chart.y.update(lim=(0, 1))
    body, _, _ = chart_svg(chart)
    (line,) = re.findall(r'<path d="(M[^"]*M[^"]*)"[^>]*stroke="var\(--series-1', body) or [""]
    pieces = re.findall(r'<path d="([^"]*)" fill="none" stroke="var\(--series-1', body)
    assert len(pieces) == 2 and not line, "one path for each piece"
    assert "clipPath" not in body
    chart.y.update(lim=(0, 0.8))
    body, _, _ = chart_svg(chart)
    (name,) = re.findall(r'<clipPath id="([^"]+)"', body)
    assert f'clip-path="url(#{name})"' in body


def test_a_mark_that_is_not_known_is_refused():
    with pytest.raises(ValueError, match="Pass one of these"):
        Chart(3, 3).add("pie", [1, 2])


def test_a_chart_is_written_without_matplotlib():
    code = (
        "import sys, numpy as np; from featurelens.reports.plots.performance import reliability; "
        "from featurelens.reports.drawing.colors import colorize; colorize(np.ones(2), 'evidence', (0, 1)); "
        "n = np.ones(2); print(len(reliability(n, n, n, 0.1).svg()), 'matplotlib' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    length, loaded = told.stdout.split()
    assert int(length) > 500 and loaded == "False"
