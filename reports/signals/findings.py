"""What the numbers of a classifier of series or volumes say, in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from ..drawing.wording import count, percent
from ..evidence.performance import PerformanceEvidence
from ..sections.front.headline import headline
from ..sections.performance import PerformanceSection
from ..sections.section import About, Finding
from .evidence import ClassEvidence, SignalsEvidence
from .sections import class_words
from .words import ONE, signal_words, span_words

_SHORT = 0.25  # of the length: a class whose evidence lies within so little is named as found in one place


def title_of(found: PerformanceEvidence, evidence: SignalsEvidence, about: About) -> str:
    """How often it is right and where the mistakes lie."""
    return signal_words(headline(found.figures.confusion, about.class_names), evidence.kind, about.class_names)


def told(found: PerformanceEvidence, evidence: SignalsEvidence, about: About) -> list[tuple[str, str]]:
    """What stands below the headline."""
    names, figures = about.class_names, found.figures
    lines = [("How sure?", f"Mean probability {percent(found.confidence)}, accuracy {percent(figures.accuracy)}.")]
    if found.weakest is not None:
        recall = found.evaluation.recall[found.weakest]
        lines.append(
            (
                "Weakest class",
                f"{names[found.weakest]}: {percent(float(recall))} of its {ONE[evidence.kind][1]} are found.",
            )
        )
    if found.confusions:
        first = found.confusions[0]
        lines.append(("Taken for another", f"{names[first.true]} for {names[first.predicted]}: {first.count:,} times."))
    shortest = _shortest(evidence)
    if shortest is not None:
        lines.append(("Where does it look?", class_words(shortest, names[shortest.label], evidence)))
    return lines


def _shortest(evidence: SignalsEvidence) -> ClassEvidence | None:
    """The class whose evidence lies in the shortest part over its right answers."""
    known = [each for each in evidence.classes if each.spans[0] is not None]
    return min(known, key=lambda each: each.spans[0].part, default=None)  # type: ignore[union-attr]


def signal_findings(found: PerformanceEvidence, evidence: SignalsEvidence, about: About) -> Iterator[Finding]:
    """Those of the figures, and in which part each class is found."""
    for each in PerformanceSection().findings(found, about):
        anchor = "findings-title" if each.anchor.startswith("/") else each.anchor
        sentence = signal_words(each.sentence, evidence.kind, about.class_names)
        yield replace(each, sentence=sentence, anchor=anchor)
    for each in evidence.classes:
        yield from _of_class(each, evidence, about)
    left = len(about.dataset.unreadable)
    if left:
        sentence = f"{count(left, 'file')} could not be read and {'is' if left == 1 else 'are'} no part of this."
        yield Finding(sentence, "caution", float(left), "signals", "data", 0.7)


def _of_class(each: ClassEvidence, evidence: SignalsEvidence, about: About) -> Iterator[Finding]:
    name, span = about.class_names[each.label], each.spans[0]
    if not each.averaged:
        return
    anchor = f"class-{each.label}"
    if span is None:
        sentence = (
            f"Nothing speaks for {name} in its right answers: it is answered for want of evidence for the others."
        )
        yield Finding(sentence, "caution", 0.0, anchor, "evidence", 0.5)
        return
    if span.part > _SHORT and not each.part < _SHORT:
        return
    if span.part <= _SHORT:
        where = span_words(span, 0, evidence.form, len(evidence.sizes))
        sentence = f"{name} is found in one part: {percent(span.share, 0)} of what speaks for it lies in {where}."
        yield Finding(sentence, "fact", span.part, anchor, "evidence", 0.65 - 0.1 * span.part)
        return
    one, along = ONE[evidence.kind][0], "its length" if len(evidence.sizes) == 1 else "its slices"
    sentence = (
        f"{name} is found in a short part that lies elsewhere in each {one}: half of what speaks for it fills "
        f"{percent(each.part, 0)} of {along} (median), but {percent(span.part, 0)} over all."
    )
    yield Finding(sentence, "fact", float(np.round(each.part, 6)), anchor, "evidence", 0.6)
