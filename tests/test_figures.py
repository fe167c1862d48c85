import re

import numpy as np
import pytest

from featurelens.reports.figures import ROLES
from featurelens.reports.figures_layers import bars, histogram, layer_measures
from featurelens.reports.figures_performance import confusion_matrix, precision_recall, reliability, training_curves

HOSTILE = "</text></svg><script>alert(1)</script> $x_1"
EVERY = {
    "confusion": lambda: confusion_matrix(np.array([[8, 2], [0, 5]]), ["Bag", HOSTILE]),
    "curves": lambda: training_curves({"loss": [0.9, 0.5], "val_loss": [0.8, 0.6]}, "loss"),
    "precision": lambda: precision_recall({HOSTILE: (np.array([0.0, 1.0]), np.array([1.0, 0.5]), 0.75)}),
    "reliability": lambda: reliability(np.array([0.3, 0.9]), np.array([0.2, 0.8]), np.array([3, 40]), 0.1),
    "layers": lambda: layer_measures(["conv1", HOSTILE], {"units active": [0.5, 0.25]}, title="What is kept"),
    "bars": lambda: bars({HOSTILE: 3.0, "Bag": -1.5}, title="Change"),
    "histogram": lambda: histogram(np.arange(20.0), title="Values", label="largest value"),
}


def texts(svg):
    return re.findall(r"<text[^>]*>([^<]*)</text>", svg)


@pytest.mark.parametrize("draw", EVERY.values(), ids=EVERY)
def test_every_figure_is_fit_for_a_page(draw):
    svg = draw().svg()
    assert svg == draw().svg(), "the same numbers give the same file"
    assert svg.startswith("<svg") and 'role="img"' in svg and "<title>" in svg and "<desc>" in svg
    assert "<script" not in svg and "<style" not in svg and "<metadata" not in svg
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")
    colors = set(re.findall(r"(?<!, )#[0-9a-f]{6}\b", re.sub(r"(href=\"|url\()#[^\")]*", "", svg)))
    assert not colors, f"colours that would not follow the page: {colors}"
    assert 'fill="var(--ink' in svg[: svg.index(">")], "text without a colour of its own follows the page too"
    used = re.findall(r"href=\"#([^\"]+)|url\(#([^)]+)", svg)
    assert {first or second for first, second in used} == set(re.findall(r' id="([^"]+)"', svg))


def test_ids_differ_between_figures():
    ids = [set(re.findall(r' id="([^"]+)"', EVERY[name]().svg())) for name in ("curves", "layers", "histogram")]
    assert all(ids) and not (ids[0] & ids[1] or ids[1] & ids[2] or ids[0] & ids[2])


def test_the_light_colours_are_those_of_the_style_sheet():
    from featurelens.reports.page import TEMPLATES

    light = (TEMPLATES / "style.css").read_text().split("@media")[0]
    for role, color in ROLES.items():
        assert f"--{role}: {color};" in light


def test_names_from_outside_are_shown_as_they_are():
    escaped = HOSTILE.replace("<", "&lt;").replace(">", "&gt;")
    assert escaped in texts(EVERY["bars"]().svg())


def test_confusions_are_numbered_and_zeros_left_out():
    plot = EVERY["confusion"]()
    assert [text for text in texts(plot.svg()) if text.isdigit()] == ["8", "2", "5"]
    assert "86.7% lie on the diagonal" in plot.description  # 13 of 15


def test_a_class_without_images_has_an_empty_row():
    assert texts(confusion_matrix(np.array([[3, 0], [0, 0]]), ["a", "b"]).svg()).count("3") == 1


def test_many_classes_are_shaded_without_numbers():
    plot = confusion_matrix(np.eye(20, dtype=int) * 7, [f"class {number}" for number in range(20)])
    assert "7" not in texts(plot.svg())


def test_tick_labels_keep_their_decimals():
    svg = training_curves({"accuracy": [0.8725, 0.8735]}).svg()
    ticks = [text for text in texts(svg) if text.startswith("0.87")]
    assert len(ticks) == len(set(ticks)) > 2


def test_curves_end_with_the_last_epoch():
    assert EVERY["curves"]().description == "After the last epoch: training 0.5, validation 0.6."


def test_measures_are_named_at_their_ends_without_overlap():
    measures = {"a": [0.5, 0.51], "b": [0.5, 0.5], "c": [1.0, 1.0], "d": [0.9, 0.99], "e": [0.4, np.nan]}
    plot = layer_measures(["one", "two"], measures, title="kept")
    heights = sorted(text.xy[1] for text in plot.figure.axes[0].texts)
    assert len(heights) == 5 and min(np.diff(heights)) >= 0.0749 and heights[-1] <= 1
    assert "e 0.40" in texts(plot.svg())


def test_png_is_a_picture():
    assert EVERY["bars"]().png(dpi=50).startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("call", "remedy"),
    [
        (lambda: confusion_matrix(np.eye(3, dtype=int), ["a", "b"]), "Pass the same part"),
        (lambda: training_curves({"loss": [1.0]}, "accuracy"), "Name one of these measures"),
        (lambda: layer_measures(["a", "b"], {"kept": [1.0]}, title=""), "Use NaN for none"),
    ],
)
def test_refusals(call, remedy):
    with pytest.raises(ValueError, match=remedy):
        call()
