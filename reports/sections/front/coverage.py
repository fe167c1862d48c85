"""What is won by not answering where the model is not sure: the share answered against the share of it that is right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from ....models.evaluation.metrics import Evaluation
from ...drawing.wording import percent

_THRESHOLDS = (0.5, 0.75, 0.9, 0.99)
_LEFT, _RIGHT, _TOP, _BOTTOM = 40, 292, 14, 100


@dataclass(frozen=True)
class Refusal:
    """Answers below a probability refused."""

    threshold: float  # 0..1
    answered: float  # 0..1, share of all images
    right: float  # 0..1, share of those


def refusal(evaluation: Evaluation) -> Refusal | None:
    """The first round threshold that refuses a hundredth of the images or more; None where none does, or none is won by it."""
    top = evaluation.probabilities.max(axis=1)
    right = evaluation.predictions == evaluation.labels
    for threshold in _THRESHOLDS:
        kept = top >= threshold
        if 0 < kept.mean() <= 0.99:
            won = right[kept].mean() > right.mean()
            return Refusal(threshold, float(kept.mean()), float(right[kept].mean())) if won else None
    return None


def coverage_curve(evaluation: Evaluation, marked: Refusal | None) -> Markup:
    """The curve as a small SVG."""
    top = evaluation.probabilities.max(axis=1)
    right = (evaluation.predictions == evaluation.labels)[np.argsort(-top, kind="stable")]
    shares = np.arange(1, len(right) + 1) / len(right)
    accuracy = np.cumsum(right) / np.arange(1, len(right) + 1)
    first = min(len(right) - 1, max(20, len(right) // 20))
    places = np.unique(np.linspace(first, len(right) - 1, 40).round().astype(int))
    low = np.floor(20 * min(accuracy[places].min(), 0.95)) / 20

    def point(x: float, y: float) -> tuple[float, float]:
        return _LEFT + float(x) * (_RIGHT - _LEFT), _BOTTOM - (y - low) / (1 - low) * (_BOTTOM - _TOP)

    line = " ".join("{:.1f},{:.1f}".format(*point(float(shares[n]), float(accuracy[n]))) for n in places)
    marks = [_tick(value, *point(0, value)) for value in (low, (1 + low) / 2, 1)]
    if marked is not None:
        marks.append(_mark(marked, *point(marked.answered, marked.right)))
    return Markup(
        '<svg viewBox="0 0 300 128" class="small-plot" role="img" aria-label="Share right against share of images answered">'
        '{}<polyline class="ln" points="{}"/><text x="292" y="122" text-anchor="end">share of the images answered →</text></svg>'
    ).format(Markup("").join(marks), line)


def _tick(value: float, _x: float, y: float) -> Markup:
    return Markup(
        '<line x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}" class="rule"/><text x="{}" y="{:.1f}" text-anchor="end">{}</text>'
    ).format(_LEFT, _RIGHT, y, y, _LEFT - 4, y + 3.5, percent(value, 0 if (100 * value) % 1 < 1e-6 else 1))


def _mark(marked: Refusal, x: float, y: float) -> Markup:
    words = Markup(
        '<text x="{0:.1f}" y="{1:.1f}" text-anchor="end" class="lab">refuse below {2}:</text>'
        '<text x="{0:.1f}" y="{3:.1f}" text-anchor="end" class="lab">{4} answered, {5} right</text>'
    ).format(x - 8, y + 14, percent(marked.threshold, 0), y + 25, percent(marked.answered, 0), percent(marked.right, 0))
    return Markup('<circle cx="{:.1f}" cy="{:.1f}" r="4.5" class="pt"/>{}').format(x, y, words)
