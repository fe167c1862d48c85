"""What the figures of independent labels say, in sentences."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..drawing.wording import count, listed, percent
from ..sections.section import Finding
from .evidence import LabelsEvidence
from .figures import share_words

_LOW_RECALL = 0.5
_OFTEN = 0.1  # more often beside another label: a fault, not only a caution


def headline(found: LabelsEvidence, pictures: int) -> str:
    """How often all labels are right, a sentence."""
    return (
        f"Every label is right on {share_words(found.exact)} of {count(pictures, 'picture')}. "
        f"Mean average precision {found.macro_average_precision:.2f}."
    )


def told(found: LabelsEvidence) -> list[tuple[str, str]]:
    """What stands below the headline."""
    known = [each for each in found.figures if each.images]
    lines = [
        (
            "How wrong?",
            f"{found.wrong_a_picture:.2f} labels a picture are wrong, of {found.borne:.2f} borne; F1 of all labels "
            f"{found.micro_f1:.2f}.",
        )
    ]
    if known:
        best = max(known, key=lambda each: each.average_precision)
        worst = min(known, key=lambda each: each.average_precision)
        lines.append(("Best told", f"{best.name}: average precision {best.average_precision:.2f}."))
        lines.append(("Worst told", f"{worst.name}: average precision {worst.average_precision:.2f}."))
    if found.led_astray:
        pair = found.led_astray[0]
        lines.append(
            (
                "Led astray?",
                f"{found.names[pair.added]} is wrongly answered on {percent(pair.rate.value, 0)} of the pictures that bear "
                f"{found.names[pair.beside]} alone of the two, on {percent(pair.elsewhere.value, 0)} of those with neither.",
            )
        )
    return lines


def label_findings(found: LabelsEvidence) -> Iterator[Finding]:
    """The exact share, labels that are missed or never met, and what leads astray."""
    wrong = f"{found.wrong_a_picture:.2f} labels a picture are wrong"
    sentence = f"Every label is right on {share_words(found.exact)} of the pictures; {wrong}."
    yield Finding(sentence, "fact", found.exact.value, "labels", "labels", 1.0)
    for pair in found.led_astray[:3]:
        yield Finding(
            f"{found.names[pair.added]} is wrongly answered on {share_words(pair.rate)} of the pictures that bear "
            f"{found.names[pair.beside]} and not {found.names[pair.added]}, on {share_words(pair.elsewhere)} of those that "
            f"bear neither.",
            "problem" if pair.rate.value - np.nan_to_num(pair.elsewhere.value) > _OFTEN else "caution",
            pair.rate.value,
            "together",
            "together",
            0.9,
        )
    missed = [each for each in found.figures if each.images and each.recall.high < _LOW_RECALL]
    if missed:
        names = listed([f"{each.name} ({percent(each.recall.value, 0)})" for each in missed])
        yield Finding(f"Missed more often than not: {names}.", "caution", float(len(missed)), "labels", "recall", 0.8)
    never = [each.name for each in found.figures if not each.images]
    if never:
        sentence = f"No picture bears {listed(never)}: nothing can be said of how well they are told."
        yield Finding(sentence, "caution", float(len(never)), "labels", "labels", 0.7)
    unset = [
        each.name
        for each in found.figures
        if np.isfinite(each.best_f1) and np.isfinite(each.f1) and each.best_f1 - each.f1 > 0.1
    ]
    if unset:
        sentence = f"Another threshold than 50 % would raise F1 by more than 0.1 on these pictures for {listed(unset)}."
        yield Finding(sentence, "caution", float(len(unset)), "labels", "thresholds", 0.65)
