import ast
import re
from pathlib import Path

import numpy as np
import pytest

from featurelens.models.evaluation.metrics import evaluation_from_probabilities
from featurelens.models.screening.answer_sets import refusals
from featurelens.reports.plots.data import class_distribution
from featurelens.reports.plots.layers import bars, histogram, layer_measures
from featurelens.reports.plots.performance import class_curves, confusion_matrix, precision_recall, reliability
from featurelens.reports.plots.plot import ROLES
from featurelens.reports.plots.screening import refusal_curve
from featurelens.reports.plots.training import training_curves
from featurelens.reports.plots.trust import perturbation_curves

REPORTS = Path(__file__).parents[3] / "reports"
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
    assert "<script" not in svg and "<metadata" not in svg
    rules = re.findall(r"<style>(.*?)</style>", svg)
    assert all(re.fullmatch(r"(\.p[0-9a-f]{8}-\d+\{[^{}]*\})+", each) for each in rules), (
        "a style reaches no other drawing"
    )
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")
    colors = set(re.findall(r"(?<!,)(?<!, )#[0-9a-f]{6}\b", re.sub(r"(href=\"|url\()#[^\")]*", "", svg)))
    assert not colors, f"colours that would not follow the page: {colors}"
    assert 'fill="var(--ink' in svg[: svg.index(">")], "text without a colour of its own follows the page too"
    used = re.findall(r"href=\"#([^\"]+)|url\(#([^)]+)", svg)
    assert {first or second for first, second in used} == set(re.findall(r' id="([^"]+)"', svg))


def test_ids_differ_between_figures():
    ids = [set(re.findall(r' id="([^"]+)"', EVERY[name]().svg())) for name in ("confusion", "bars", "histogram")]
    assert all(ids) and not (ids[0] & ids[1] or ids[1] & ids[2] or ids[0] & ids[2])


def test_the_light_colours_are_those_of_the_style_sheet():
    from featurelens.reports.html.page import TEMPLATES

    light = (TEMPLATES / "style.css").read_text().split("@media")[0]
    for role, color in ROLES.items():
        assert f"--{role}: {color};" in light, role


def test_names_from_outside_are_shown_as_they_are():
    escaped = HOSTILE.replace("<", "&lt;").replace(">", "&gt;")
    assert escaped in texts(EVERY["bars"]().svg())


def test_confusions_are_numbered_and_zeros_left_out():
    plot = EVERY["confusion"]()
    assert [text for text in texts(plot.svg()) if text.isdigit()] == ["8", "2", "5"]
    assert "86.7 % lie on the diagonal" in plot.description  # 13 of 15


def test_a_class_without_images_has_an_empty_row():
    assert texts(confusion_matrix(np.array([[3, 0], [0, 0]]), ["a", "b"]).svg()).count("3") == 1


def test_many_classes_are_shaded_without_numbers():
    plot = confusion_matrix(np.eye(20, dtype=int) * 7, [f"class {number}" for number in range(20)])
    assert "7" not in texts(plot.svg())


def test_a_part_of_the_classes_says_so_and_keeps_the_shares_of_the_whole():
    # class b: 6 of 10 right, 3 taken for a, 1 for c; of all 30 images 22 are right, of those of a and b 14 of 20
    counts = np.array([[8, 1, 1], [3, 6, 1], [1, 1, 8]])
    plot = confusion_matrix(counts, ["a", "b", "c"], chosen=[0, 1])
    shown = texts(plot.svg())
    assert "2 of 3 classes, those of the most frequent confusions" in shown and "c" not in shown
    assert "these classes 70.0 % lie on the diagonal, of all images 73.3 %." in plot.description
    right, wrong = plot.figure.axes[0].collections
    assert right.get_alpha() == pytest.approx([0.06 + 0.94 * 0.8, 0.06 + 0.94 * 0.6])
    assert wrong.get_alpha() == pytest.approx([0.05 + 1.8 * 0.1, 0.05 + 1.8 * 0.3])


def random_ranking(images_of_class, seed=0):
    """An evaluation of noisy probabilities."""
    random = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(images_of_class)), images_of_class)
    logits = 1.4 * np.eye(len(images_of_class))[labels] + random.normal(size=(len(labels), len(images_of_class)))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return evaluation_from_probabilities(shares, labels, [f"class {label}" for label in range(len(images_of_class))])


@pytest.mark.parametrize("seed", range(3))
def test_the_drawn_steps_have_the_area_that_is_printed(seed):
    measured = random_ranking([100, 1900, 3000], seed)
    lines = class_curves(measured).figure.axes[0].lines
    assert len(lines) == 3
    for line in lines:
        label = measured.class_names.index(line.get_label().split("  ")[1])
        recall, precision = line.get_xdata(), line.get_ydata()
        area = np.sum((recall[:-1] - recall[1:]) * precision[:-1])  # a point's precision holds up to the next point
        assert line.get_drawstyle() == "steps-post" and len(recall) <= 300
        assert area == pytest.approx(measured.average_precision[label], abs=1e-9 if label == 0 else 5e-3)
        assert 0.2 < area < 0.95, "neither a perfect ranking nor chance"


def test_of_many_classes_the_worst_ranked_are_drawn_and_the_plot_says_so():
    plot = class_curves(random_ranking([30] * 20))
    assert "18 of 20 classes, those with the lowest average precision" in texts(plot.svg())
    assert "18 of 20" in plot.title and "Best of these: " in plot.description
    assert "of 18" not in " ".join(texts(class_curves(random_ranking([30] * 18)).svg()))


def test_a_part_of_the_distribution_says_so():
    counts, names = np.arange(1, 46), [f"class {number}" for number in range(45)]
    shown = texts(class_distribution({"images": counts}, names).svg())
    assert "40 of 45 classes, the largest and the smallest" in shown
    assert "class 44" in shown and "class 0" in shown and "class 22" not in shown  # 20 to 24 are in the middle
    assert not any("of 40" in text for text in texts(class_distribution({"a": counts[:40]}, names[:40]).svg()))


def test_tick_labels_keep_their_decimals():
    svg = training_curves({"accuracy": [0.8725, 0.8735]}).svg()
    ticks = [text for text in texts(svg) if text.startswith("0.87")]
    assert len(ticks) == len(set(ticks)) > 2


def test_curves_end_with_the_last_epoch():
    assert EVERY["curves"]().description == "After the last epoch: training 0.5, validation 0.6."
    plot = training_curves({"loss": [0.9, 0.5]}, "loss", kept=2)
    assert plot.description == "After the last epoch, whose weights were kept: training 0.5."
    assert "kept: epoch 2" not in texts(plot.svg())


def test_the_epoch_that_was_kept_is_marked_where_it_is_not_the_last():
    history = {"accuracy": [0.5, 0.7, 0.8], "val_accuracy": [0.5, 0.65, 0.6]}
    plot = training_curves(history, kept=2)
    said = "After epoch 2, whose weights were kept: training 0.7, validation 0.65; after the last, 3: training 0.8"
    assert plot.description.startswith(said)
    assert "kept: epoch 2" in texts(plot.svg())
    (ring,) = plot.figure.axes[0].collections
    np.testing.assert_allclose(ring.get_offsets(), [[2, 0.7], [2, 0.65]])


def test_a_loss_with_label_smoothing_is_called_so():
    history = {"loss": [0.9], "val_loss": [0.8], "accuracy": [0.9]}
    plot = training_curves(history, "loss", smoothing=0.1)
    assert "loss, with label smoothing 0.1" in texts(plot.svg())
    assert plot.title == "Loss over the epochs, with label smoothing 0.1"
    assert "smoothing" not in training_curves(history, "loss").svg()
    assert "smoothing" not in training_curves(history, "accuracy", smoothing=0.1).svg()


def test_the_test_curve_is_said_to_have_decided_nothing():
    shown = texts(training_curves({"loss": [0.9], "test_loss": [0.8]}, "loss").svg())
    assert "test (decided nothing)" in shown


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
        (lambda: confusion_matrix(np.eye(3, dtype=int), ["a", "b"]), "Pass the name of each class"),
        (lambda: training_curves({"loss": [1.0]}, "accuracy"), "Name one of these measures"),
        (lambda: layer_measures(["a", "b"], {"kept": [1.0]}, title=""), "Use NaN for none"),
    ],
)
def test_refusals(call, remedy):
    with pytest.raises(ValueError, match=remedy):
        call()


def test_the_names_of_curves_stand_beside_their_ends_in_any_unit():
    """Curves of a regression reach to 60 years: each name at the height of its line's mean, within the axes, apart."""
    shares = np.linspace(0, 1, 4)
    curves = {
        "Grad-CAM": np.array([60, 50, 45, 40.0]),
        "a": np.array([60, 58, 57, 56.0]),
        "b": np.array([60, 59, 57, 56.0]),
    }
    plot = perturbation_curves(shares, curves, title="Deletion", label="share", score="the number")
    axis = plot.figure.axes[0]
    low, high = axis.get_ylim()
    heights = {text.get_text(): text.xy[1] for text in axis.texts}
    assert abs(heights["Grad-CAM 48.75"] - (48.75 - low) / (high - low)) < 1e-9
    assert abs(heights["b 58.00"] - heights["a 57.75"]) >= 0.075 - 1e-9 and max(heights.values()) <= 0.98


def test_every_legend_says_where_it_stands():
    """Where it is not said Matplotlib warns, whenever the machine took more than a second to find the best place."""
    code = [path.read_text("utf-8") for path in REPORTS.rglob("*.py")]
    calls = [each for text in code for each in ast.walk(ast.parse(text)) if isinstance(each, ast.Call)]
    legends = [each for each in calls if isinstance(each.func, ast.Attribute) and each.func.attr == "legend"]
    assert legends and all("loc" in {word.arg for word in each.keywords} for each in legends)


def test_names_in_letters_that_no_drawn_font_has_stay_text_and_warn_of_nothing():
    plot = class_distribution({"images": np.array([2, 3])}, ["日本語", "b"])
    assert "日本語" in texts(plot.svg())


def test_a_level_curve_is_not_stretched_to_hundredths_of_a_percent():
    shares = np.tile([0.9, 0.1], (30, 1))
    for labels in (np.zeros(30, int), np.ones(30, int)):
        low, high = refusal_curve(refusals(shares, labels), 0.5).figure.axes[0].get_ylim()
        assert high - low > 50
