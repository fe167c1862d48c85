"""The section of the figures: predicted against true, and the errors by range of the truth."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from ...models.evaluation.numbers import Estimate, NumberEvaluation, NumberFigures
from ..drawing.wording import number, with_minus
from ..html.components import figure, how_to_read, joined, name_html, table
from ..html.page import Section
from .evidence import RegressionEvidence
from .plots import bare, errors_by_range, predicted_against_true, range_words

_READING = (
    "MAE is the mean size of the error, RMSE the root of its mean square, which large errors weigh more in. R² is 1 less the "
    "mean squared error over the variance of the truth: 1 is perfect, 0 no better than always answering the mean, below 0 "
    "worse. Intervals are percentile bootstrap intervals at 95 %, of 1,000 samples of the images drawn with replacement."
)


def numbers_section(found: RegressionEvidence, measured: NumberEvaluation) -> Section:
    """Every number's figures, its answers beside the truth, and its errors by range."""
    html = [_table(found.figures, found.unit), how_to_read(_READING)]
    for place, figures in enumerate(found.figures):
        html += _of_one(place, figures, found, measured)
    return Section(
        "numbers", "Predicted and true", joined(html), lead="How far are the answers off, and where?", view="numbers"
    )


def _of_one(place: int, figures: NumberFigures, found: RegressionEvidence, measured: NumberEvaluation) -> list[Markup]:
    truth, answers = measured.truth[:, place], measured.answers[:, place]
    against = predicted_against_true(truth, answers, figures.name, found.unit)
    along = errors_by_range(figures.ranges, figures.name, found.unit)
    heading = [] if len(found.figures) == 1 else [Markup("<h3>{}</h3>").format(name_html(figures.name))]
    drawn = Markup('<div class="pair">{}{}</div>').format(
        figure(against.svg(), against.description),
        figure(along.svg(), "Dots with their 95 % intervals, for parts of about as many images each."),
    )
    return [*heading, drawn, _ranges(figures, found.unit)]


def _table(figures: Sequence[NumberFigures], unit: str) -> Markup:
    rows = [
        (
            name_html(each.name),
            with_interval(each.mae),
            with_interval(each.rmse),
            with_interval(each.r2),
            with_interval(each.bias),
            number(each.mae_of_median),
        )
        for each in figures
    ]
    of = f", in {unit}" if unit else ""
    return table(
        ["Number", f"MAE{of}", f"RMSE{of}", "R²", "Predicted less true", "MAE of always the median"],
        rows,
        caption="How far the answers are off, with 95 % intervals",
        numeric=[1, 2, 3, 4, 5],
    )


def _ranges(figures: NumberFigures, unit: str) -> Markup:
    rows = [
        (range_words(each), f"{each.images:,}", with_interval(each.mae), with_interval(each.bias))
        for each in figures.ranges
    ]
    of = f", in {unit}" if unit else ""
    return table(
        [f"True {bare(figures.name)}", "Images", f"MAE{of}", "Predicted less true"],
        rows,
        caption=f"Errors by range of the true {bare(figures.name)}",
        numeric=[1, 2, 3],
    )


def with_interval(found: Estimate) -> str:
    """Such as '0.23 (0.20 to 0.25)'."""
    value, low, high = (with_minus(number(each)) for each in (found.value, found.low, found.high))
    return value if "–" in (low, high) else f"{value} ({low} to {high})"
