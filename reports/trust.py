"""The section that says how far each method can be trusted on this model, and the marks beside the pictures."""

from __future__ import annotations

from typing import cast

import numpy as np
from markupsafe import Markup

from ..interpret.verdicts import CLEARLY_BETTER, MUCH_ALIKE, Finding
from .components import MARKS, NONE, Verdict, figure, how_to_read, joined, notice, table, trust_mark
from .evidence import Evidence
from .figures_trust import perturbation_curves, randomization_curves
from .page import Section
from .trust_evidence import Trust
from .wording import percent

_READING = (
    "Deletion: pixels are removed in the order of the map, the strongest first; a map that names what the model uses makes "
    "the probability fall at once. Insertion: pixels are added in that order to a blank; the probability should rise at once. "
    "Both are averaged over three blanks: black, blurred and the mean picture. The random order knows nothing; the brightness "
    "order knows the picture but not the model. A method beats a control on an image where its insertion area less its "
    "deletion area is larger. Randomised weights: the weights of a copy of the model are shuffled, the last layer first; a map "
    "that stays as it was does not depend on what the model has learnt. Ranges in brackets are 95 % bootstrap intervals over "
    "the images."
)


def trust_section(evidence: Evidence) -> list[Section]:
    """The section; none where nothing was measured."""
    trust = evidence.trust
    if trust is None:
        return []
    sample = next(iter(trust.faithfulness.values()))
    html = joined(
        [
            Markup("<p>Measured on {:,} of the {:,} images, drawn with a fixed seed.</p>{}").format(
                len(sample.numbers), sample.total, how_to_read(_READING)
            ),
            _verdicts(trust),
            _curves(trust),
            _randomised(trust),
        ]
    )
    lead = "Do the maps name the pixels that the model uses, and do they depend on what it has learnt?"
    return [Section("trust", "Trust", html, lead=lead)]


def method_mark(evidence: Evidence, method: str) -> Markup:
    """The mark beside a picture; it opens to the method's numbers on this model."""
    if evidence.trust is None:
        return NONE
    found = evidence.trust.verdicts[method]
    numbers = [(finding.question, _number(finding)) for finding in found.findings]
    return trust_mark(cast(Verdict, found.level), found.level, numbers)


def method_link(evidence: Evidence, method: str) -> Markup:
    """The mark where there are thousands: a link to the method's numbers."""
    if evidence.trust is None:
        return NONE
    level = evidence.trust.verdicts[method].level
    return Markup('<a class="trust-link trust-{0}" href="#{1}" title="{2}: {0}">{3}</a>').format(
        level, _anchor(method), method, MARKS[level]
    )


def _anchor(method: str) -> str:
    return "trust-" + "".join(letter if letter.isalnum() else "-" for letter in method.lower())


def _number(finding: Finding) -> str:
    if not np.isfinite(finding.number.mean):
        return "not measured"
    if finding.question == "randomised weights":
        return f"correlation {finding.number.mean:.2f}"
    return f"better on {percent(finding.number.mean, 0)}"


def _verdicts(trust: Trust) -> Markup:
    rows = [
        (
            Markup('<span id="{}">{}</span>').format(_anchor(name), name),
            Markup('<span class="trust-word trust-{0}">{1} {0}</span>').format(found.level, MARKS[found.level]),
            *(_cell(finding) for finding in found.findings),
        )
        for name, found in trust.verdicts.items()
    ]
    caption = (
        f"Good: beats each control on more than {percent(CLEARLY_BETTER, 0)} of the images, and a likeness below "
        f"{MUCH_ALIKE} once all weights are shuffled. A method that fails is shown with its failure."
    )
    columns = ["Method", "Verdict", "Beats random order", "Beats brightness", "Likeness, shuffled weights"]
    return table(columns, rows, caption=caption)


def _cell(finding: Finding) -> str:
    value = finding.number
    if not np.isfinite(value.mean):
        return "not measured"
    if finding.question == "randomised weights":
        return f"{MARKS[finding.level]} {value.mean:.2f} ({value.low:.2f} to {value.high:.2f})"
    return f"{MARKS[finding.level]} {percent(value.mean, 0)} ({100 * value.low:.0f} to {100 * value.high:.0f})"


def _curves(trust: Trust) -> Markup:
    one = next(iter(trust.faithfulness.values()))
    drawn = []
    for what, label in (("deletion", "share of pixels removed"), ("insertion", "share of pixels added")):
        curves = {name: getattr(found.curves, what).mean(axis=(0, 1)) for name, found in trust.faithfulness.items()}
        curves |= {"random": getattr(one.random, what).mean(axis=(0, 1))}
        curves |= {"brightness": getattr(one.brightness, what).mean(axis=(0, 1))}
        plot = perturbation_curves(one.shares, curves, title=f"{what.capitalize()} curves", label=label)
        better = "lower" if what == "deletion" else "higher"
        drawn.append(figure(plot.svg(), f"{what.capitalize()}: {better} is better. Numbers: mean height."))
    return Markup('<div class="pair">{}</div>').format(joined(drawn))


def _randomised(trust: Trust) -> Markup:
    if trust.not_copied is not None:
        return notice(f"The weights could not be randomised: {trust.not_copied}", kind="warning")
    one = next(iter(trust.randomization.values()))
    with np.errstate(invalid="ignore"):
        lines = {name: _known_mean(found.rank_correlation) for name, found in trust.randomization.items()}
    plot = randomization_curves(one.layers, lines)
    caption = (
        f"Likeness of the maps of {len(one.numbers)} images to those of the trained model, without their sign, while the "
        f"weights of layer upon layer are shuffled, from the last to the first."
    )
    return figure(plot.svg(), caption)


def _known_mean(values: np.ndarray) -> np.ndarray:
    """Mean over images of float[S,B], leaving out maps that cannot be compared; NaN where none can."""
    known = np.isfinite(values)
    counts = known.sum(axis=1)
    sums = np.where(known, values, 0).sum(axis=1)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)
