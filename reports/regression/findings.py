"""What the numbers of a regression say, in sentences: the headline, what stands below it, and the findings."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...interpret.layers.survey import Survey
from ...models.evaluation.numbers import NumberFigures
from ..drawing.wording import listed, number, with_minus
from ..sections.section import Finding
from ..tasks.sections import name_of
from .drawn import with_interval
from .evidence import RegressionEvidence
from .plots import bare, range_words

_MUCH_WORSE = 1.5  # times the MAE of all images: from there on a range is named


def headline(found: RegressionEvidence) -> str:
    """How far the answers are off, a sentence."""
    own = found.figures[found.explained]
    unit, name = f" {found.unit}" if found.unit else "", own.name[:1].upper() + own.name[1:]
    return f"{name} is off by {with_interval(own.mae)}{unit} on average. {_explains(own)}"


def _explains(own: NumberFigures) -> str:
    r2 = own.r2
    if not np.isfinite(r2.value):
        return "The truth is the same for all pictures, so no R² is defined."
    if r2.value <= 0:
        return f"No better than always answering the mean: R² {with_interval(r2)}."
    return f"R² {with_interval(r2)}."


def told(found: RegressionEvidence, survey: Survey) -> list[tuple[str, str]]:
    """What stands below the headline: what is asked, and its answer."""
    own, unit = found.figures[found.explained], f" {found.unit}" if found.unit else ""
    worst = max(own.ranges, key=lambda each: each.mae.value)
    lines = [
        ("How far off?", f"MAE {with_interval(own.mae)}{unit}, RMSE {with_interval(own.rmse)}{unit}."),
        ("Against the median", f"Always answering the median truth is off by {number(own.mae_of_median)}{unit}."),
        ("Where most?", f"At a truth of {range_words(worst)}: off by {with_interval(worst.mae)}{unit}."),
    ]
    best = max(survey.layers[:-1], key=lambda each: np.nan_to_num(each.probe.accuracy, nan=-np.inf))
    if np.isfinite(best.probe.accuracy):
        lines.append(
            ("Where is it known?", f"{name_of(best)} tells it best to a linear probe: R² {best.probe.accuracy:.2f}.")
        )
    return lines


def regression_findings(found: RegressionEvidence) -> Iterator[Finding]:
    """Whether it is better than the median, off to one side, or pulled to the middle; for each number."""
    for place, each in enumerate(found.figures):
        unit = f" {found.unit}" if found.unit else ""
        yield _against_median(each, unit, 1.0 - 0.001 * place)
        yield from _to_one_side(each, unit)
        yield from _pulled(each)
        yield from _uneven(each, unit)
    if len(found.figures) > 1:
        others = [name for place, name in enumerate(found.names) if place != found.explained]
        explained, told = found.names[found.explained], listed(others)
        sentence = f"Maps and their trust are of {explained}; the option --number explains {told} instead."
        yield Finding(sentence, "fact", float("nan"), "raising", "maps", 0.5)


def _against_median(own: NumberFigures, unit: str, weight: float) -> Finding:
    better = own.mae.high < own.mae_of_median
    sentence = (
        f"{own.name[:1].upper()}{own.name[1:]} is off by {with_interval(own.mae)}{unit}, "
        f"{'where' if better else 'which is no clear gain:'} always answering the median would be off by "
        f"{number(own.mae_of_median)}{unit}."
    )
    return Finding(sentence, "fact" if better else "problem", own.mae.value, "numbers", "figures", weight)


def _to_one_side(own: NumberFigures, unit: str) -> Iterator[Finding]:
    if not (own.bias.low > 0 or own.bias.high < 0):
        return
    side, size = ("high", own.bias) if own.bias.value > 0 else ("low", own.bias)
    sentence = f"Its answers for {own.name} are too {side}: by {with_minus(number(abs(size.value)))}{unit} on average."
    yield Finding(sentence, "caution", own.bias.value, "numbers", "figures", 0.8)


def _pulled(own: NumberFigures) -> Iterator[Finding]:
    first, last = own.ranges[0], own.ranges[-1]
    if len(own.ranges) > 2 and first.bias.low > 0 and last.bias.high < 0:
        sentence = (
            f"Its answers for {own.name} are pulled to the middle: too high by {number(first.bias.value)} where the truth is "
            f"{range_words(first)}, too low by {number(-last.bias.value)} where it is {range_words(last)}."
        )
        yield Finding(sentence, "caution", first.bias.value, "numbers", "by range", 0.75)


def _uneven(own: NumberFigures, unit: str) -> Iterator[Finding]:
    worst = max(own.ranges, key=lambda each: each.mae.value)
    if len(own.ranges) > 1 and worst.mae.low > own.mae.high and worst.mae.value > _MUCH_WORSE * own.mae.value:
        sentence = (
            f"It errs most where the true {bare(own.name)} is {range_words(worst)}: by {with_interval(worst.mae)}{unit}, on "
            f"{worst.images:,} of the images."
        )
        yield Finding(sentence, "caution", worst.mae.value, "numbers", "by range", 0.7)
