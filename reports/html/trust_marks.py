"""A verdict on a method as pages show it: a mark beside each picture, and cells of a table, the same on every page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import numpy as np
from markupsafe import Markup

from ...interpret.trust.verdicts import (
    CLEARLY_BETTER,
    FEWEST_IMAGES,
    MUCH_ALIKE,
    NO_BETTER,
    THE_SAME,
    Measurement,
    Verdict,
)
from ..drawing.wording import percent, with_minus
from .components import EMPTY, MARKS, MarkLevel, trust_mark

Verdicts = Mapping[str, Verdict]  # by method; empty where trust was not measured


LEVEL_WORDS = {"good": "cite", "weak": "with a caveat", "failed": "do not cite", "unknown": "not judged"}


def chip(level: str, words: str) -> Markup:
    """A verdict with a name or a list of names, by shape and word."""
    return Markup('<span class="chip {}"><span aria-hidden="true">{}</span> {}</span>').format(
        level, MARKS[level], words
    )


def method_mark_of(verdicts: Verdicts, method: str) -> Markup:
    """The mark alone, with its word for those who cannot see it."""
    found = verdicts.get(method)
    if found is None:
        return EMPTY
    return Markup('<span class="mk {}" role="img" aria-label="{}: {}" title="{}: {}">{}</span>').format(
        found.level, method, LEVEL_WORDS[found.level], method, LEVEL_WORDS[found.level], MARKS[found.level]
    )


def method_mark(verdicts: Verdicts, method: str) -> Markup:
    """The mark beside a picture; it opens to the method's numbers on this model."""
    found = verdicts.get(method)
    if found is None:
        return EMPTY
    numbers = [(finding.question, _number(finding)) for finding in found.findings]
    return trust_mark(cast(MarkLevel, found.level), found.level, numbers)


def method_link(verdicts: Verdicts, method: str, of: str = "") -> Markup:
    """The mark where there are many: a link to the method's numbers, in the row that `anchor(method, of)` names."""
    found = verdicts.get(method)
    if found is None:
        return EMPTY
    level = found.level
    return Markup('<a class="trust-link trust-{0}" href="#{1}" title="{2}: {0}" aria-label="{2}: {0}">{3}</a>').format(
        level, anchor(method, of), method, MARKS[level]
    )


def anchor(method: str, of: str = "") -> str:
    """Id of the method's row in the table of verdicts; `of` tells the models apart where there are several."""
    name = f"{method}-{of}" if of else method
    return "trust-" + "".join(letter if letter.isalnum() else "-" for letter in name.lower())


def _number(measured: Measurement) -> str:
    if not np.isfinite(measured.number.mean):
        return "not measured"
    if measured.question == "randomised weights":
        return f"correlation {two_digits(measured.number.mean)}"
    return f"better on {share_words(measured)}"


def is_of_few(measured: Measurement) -> bool:
    """Whether a number is of so few images that it has no interval and no verdict."""
    return measured.number.images < FEWEST_IMAGES


def share_words(measured: Measurement) -> str:
    """The share of the images on which a map beats a control; of few images, on how many of them."""
    value = measured.number
    return f"{value.mean * value.images:g} of {value.images}" if is_of_few(measured) else percent(value.mean, 0)


VERDICT_COLUMNS = ("Verdict", "Beats random order", "Beats brightness", "Likeness, shuffled weights")
VERDICT_CAPTION = (
    f"Cite: beats each control on more than {percent(CLEARLY_BETTER, 0)} of the images, and a likeness below {MUCH_ALIKE} "
    f"once all weights are shuffled. Do not cite: the interval against the random order reaches down to "
    f"{percent(NO_BETTER, 0)}, or the likeness is {THE_SAME} or more. With a caveat: anything between, and where brightness "
    f"alone does as well, which is no failure, as bright parts may well be what counts. Not judged: fewer than "
    f"{FEWEST_IMAGES} images, of which no interval is told. A method that fails is shown with its failure."
)


def verdict_cells(found: Verdict) -> tuple[Markup | str, ...]:
    """A cell for each of `VERDICT_COLUMNS`: the verdict, and the numbers behind it with their intervals."""
    level = found.level
    word = Markup('<span class="trust-word trust-{}">{} {}</span>').format(level, MARKS[level], LEVEL_WORDS[level])
    return word, *(_cell(finding) for finding in found.findings)


def two_digits(value: float) -> str:
    """A correlation or a likeness."""
    return with_minus(f"{value:.2f}".replace("-0.00", "0.00"))


def _cell(measured: Measurement) -> str:
    value, mark = measured.number, MARKS[measured.level]
    if not np.isfinite(value.mean):
        return "not measured"
    if measured.question == "randomised weights":
        ends = "" if is_of_few(measured) else f" ({two_digits(value.low)} to {two_digits(value.high)})"
        return f"{mark} {two_digits(value.mean)}{ends}"
    ends = "" if is_of_few(measured) else f" ({100 * value.low:.0f} to {100 * value.high:.0f})"
    return f"{mark} {share_words(measured)}{ends}"
