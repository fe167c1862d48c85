"""The figures of several models side by side, whether chance can explain their differences, and what they are."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Callable

import numpy as np
from markupsafe import Markup

from ...interpret.intervals import Interval
from ...interpret.trust.verdicts import FEWEST_IMAGES
from ...models.evaluation.significance import FEW
from ..drawing.wording import number, percent, shape, with_minus
from ..html.components import command, figure, folded, joined, table
from ..html.page import Section
from ..plots.comparison import intervals
from .evidence import RESAMPLES, ComparisonEvidence, Measured, ModelPair

NO_INTERVAL = "–"
_SURE = 0.05  # an adjusted p-value below it is called more than chance


def figures_section(found: ComparisonEvidence) -> Section:
    """Accuracy, loss and the rest with their intervals, and each class's recall."""
    accuracy = {m.name: _shown(m.accuracy, 100) for m in found.models}
    loss = {m.name: _shown(m.loss) for m in found.models}
    drawn = [
        figure(intervals(accuracy, title="accuracy, %", form="{:.2f}").svg(), "Share of images that are right."),
        figure(intervals(loss, title="loss").svg(), "Mean of −log(probability of the true class); less is better."),
    ]
    few = Markup("<p>Of fewer than {} images no interval is told.</p>").format(FEWEST_IMAGES)
    introduction = (
        few
        if len(found.dataset) < FEWEST_IMAGES
        else Markup(
            "<p>The bars are {} percentile bootstrap intervals: how the figure varies when {:,} sets of as many images are "
            "sampled from these with replacement (seed {}). They say how much these images bear, not how a new training would "
            "vary.</p>"
        ).format("95 %", RESAMPLES, found.seed)
    )
    return Section(
        id="figures",
        title="Figures",
        lead="How good is each?",
        html=joined(
            [introduction, Markup('<div class="pair">{}</div>').format(joined(drawn)), _table(found), _recall(found)]
        ),
    )


def _table(found: ComparisonEvidence) -> Markup:
    rows = [
        (
            model.name,
            percent(model.accuracy.mean, 2),
            _percents(model.accuracy),
            f"{model.loss.mean:.3f}",
            _ends(model.loss, lambda value: f"{value:.3f}"),
            f"{int((~model.correct).sum()):,}",
            f"{model.evaluation.calibration.expected_error:.3f}",
            f"{model.information.parameters:,}",
        )
        for model in found.models
    ]
    columns = ["Model", "Accuracy", "Interval", "Loss", "Interval", "Mistakes", "Calibration error", "Parameters"]
    caption = f"On {len(found.dataset):,} images; calibration error: 0 is perfect"
    return table(columns, rows, caption=caption, numeric=[1, 2, 3, 4, 5, 6, 7])


def _percents(interval: Interval) -> str:
    ends = _ends(interval, lambda value: f"{100 * value:.2f}")
    return ends if ends == NO_INTERVAL else f"{ends} %"


def _ends(interval: Interval, form: Callable[[float], str]) -> str:
    """The ends of an interval, or a dash where it is of too few images to be believed."""
    return NO_INTERVAL if interval.images < FEWEST_IMAGES else f"{form(interval.low)} to {form(interval.high)}"


def _shown(interval: Interval, times: float = 1) -> tuple[float, float, float]:
    """The value and the ends of its interval as they are drawn; of too few images the value alone."""
    if interval.images < FEWEST_IMAGES:
        return times * interval.mean, np.nan, np.nan
    return times * interval.mean, times * interval.low, times * interval.high


def _recall(found: ComparisonEvidence) -> Markup:
    support = found.models[0].evaluation.support
    rows = []
    for label, name in enumerate(found.dataset.class_names):
        shares = [float(model.evaluation.recall[label]) for model in found.models]
        best = np.nanmax(shares) if np.isfinite(shares).any() else None
        cells = [
            Markup("<strong>{}</strong>").format(percent(share)) if share == best else percent(share)
            for share in shares
        ]
        rows.append((name, *cells, f"{support[label]:,}"))
    numeric = list(range(1, len(found.models) + 2))
    shown = table(
        ["Class", *(model.name for model in found.models), "Images"],
        rows,
        caption="Recall: of the images of the class, how many are found. Bold: the highest",
        numeric=numeric,
    )
    return folded("Each class", shown, opened=len(rows) <= 20)


def tests_section(found: ComparisonEvidence) -> Section:
    """McNemar's test of every pair."""
    few = sum(pair.test.exact for pair in found.pairs)
    used = "the exact binomial test" if few == len(found.pairs) else "chi-squared with Edwards’ correction"
    if 0 < few < len(found.pairs):
        used = "the exact binomial test or chi-squared with Edwards’ correction, as the table says"
    many = (
        f" Among many pairs some difference looks large by chance: the second p-value is adjusted for all {len(found.pairs)} "
        "(Holm)."
        if len(found.pairs) > 1
        else ""
    )
    introduction = Markup(
        "<p>McNemar’s test looks only at the images that exactly one of the two gets right: were both equally good, each "
        "such image would fall to either with probability one half. Below {} such images the test is exact (binomial), from "
        "there on chi-squared; here it is {}.{} The interval of the difference is from the same bootstrap, both models on the "
        "same sampled images.</p>"
    ).format(FEW, used, many)
    rows = [_test_row(found, pair) for pair in found.pairs]
    columns = [
        "Pair",
        "Verdict",
        "Only the first",
        "Only the second",
        "Difference",
        "Interval",
        "p",
        "p, adjusted",
        "Test",
    ]
    caption = (
        "Only the first, only the second: images that just this one gets right. Difference: of accuracies, in points"
    )
    return Section(
        id="tests",
        title="More than chance?",
        lead="Is one better than another, or do these images just happen to suit it?",
        html=joined([introduction, table(columns, rows, caption=caption, numeric=[2, 3, 4, 5, 6, 7])]),
    )


def _test_row(found: ComparisonEvidence, pair: ModelPair) -> tuple[object, ...]:
    first, second = found.models[pair.first].name, found.models[pair.second].name
    link = Markup('<a href="#pair-{}-{}">{} – {}</a>').format(pair.first, pair.second, first, second)
    return (
        link,
        verdict(pair, first, second),
        f"{pair.test.first_only:,}",
        f"{pair.test.second_only:,}",
        _points(100 * pair.difference.mean),
        _ends(pair.difference, lambda value: _points(100 * value)),
        _probability(pair.test.p_value),
        _probability(pair.adjusted),
        "exact" if pair.test.exact else "chi-squared",
    )


def _points(value: float) -> str:
    return with_minus(f"{value:+.2f}")


def _probability(value: float) -> str:
    return "< 0.0001" if value < 1e-4 else f"{value:.4f}"


def verdict(pair: ModelPair, first: str, second: str) -> str:
    """The pair in a word."""
    if pair.adjusted >= _SURE:
        return "chance can explain it"
    return f"{first if pair.test.first_only > pair.test.second_only else second} is better"


def models_section(found: ComparisonEvidence) -> Section:
    """What the models are, and what made the page."""
    rows = [_model_row(model) for model in found.models]
    columns = ["Model", "Layers", "Parameters", "Input", "Pixel values", "Head", "Logits proven to", "Trained"]
    shown = table(
        columns, rows, caption="Largest difference between head(logits) and the model’s own answer", numeric=[1, 2]
    )
    version = importlib.metadata.version("featurelens")
    made = [Markup("<p>featurelens {}, seed {}.</p>").format(version, found.seed)]
    if found.command:
        made.append(command(found.command))
    return Section("models", "The models", joined([shown, *made]), lead="What was compared?")


def _model_row(model: Measured) -> tuple[object, ...]:
    information, card = model.information, model.card
    trained = "not known" if card is None else f"{card.best_epoch} of {len(card.history.get('loss', []))} epochs"
    low, high = model.value_range
    return (
        model.name,
        f"{len(information.layers):,}",
        f"{information.parameters:,}",
        shape(information.input_shape),
        f"{low:g} to {high:g}",
        information.head,
        number(information.logit_error),
        trained,
    )
