"""The first screen: the headline and the four questions on the left, who is taken for whom on the right, all findings below."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markupsafe import Markup

from ...evidence.performance import PerformanceEvidence
from ...html.components import EMPTY, joined, with_names
from ..section import About, Finding, Part
from .headline import headline
from .matrix import largest, matrix
from .questions import Question, questions

_ORDER = {"problem": 0, "caution": 1, "fact": 2}
_MARKS = {"problem": "▲", "caution": "◆", "fact": "·"}


def opening(evidence: Mapping[str, Any], told: Sequence[Finding], about: About) -> Part:
    """What stands above all else, with its pictures."""
    found: PerformanceEvidence | None = evidence.get("performance")
    asked = questions(evidence, about)
    title = about.information.name if found is None else headline(found.figures.confusion, about.class_names)
    left = Markup('<div><h1 id="findings-title">{}</h1><ol class="ans">{}</ol></div>').format(
        with_names(title, about.class_names), joined(_asked(question) for question in asked)
    )
    right = EMPTY if found is None else _who(found)
    html = Markup('<div class="hero">{}{}</div>{}').format(left, right, all_findings(told, about.class_names))
    return Part(html, [sheet for question in asked for sheet in question.sprites])


def _who(found: PerformanceEvidence) -> Markup:
    return Markup(
        '<div><h2 class="sm">Who is taken for whom <small>rows true, columns predicted; a cell leads to its images</small></h2>'
        "{}{}</div>"
    ).format(matrix(found.evaluation), largest(found.confusions, found.evaluation.class_names, found.mistakes))


def _asked(question: Question) -> Markup:
    return Markup('<li><h2>{}</h2><div class="side"><div>{}</div><p>{}</p></div></li>').format(
        question.asked, question.picture, question.answer
    )


def all_findings(told: Sequence[Finding], names: Sequence[str] = ()) -> Markup:
    """Every finding, problems first; each leads to what it counts. Long ones of the names are cut."""
    entry = Markup(
        '<li class="{0}"><span class="sev" title="{0}">{1}<span class="vh"> {0}: </span></span>{2} <a href="#{3}">{4} →</a></li>'
    )
    ordered = sorted(told, key=lambda finding: _ORDER[finding.severity])
    rows = joined(
        entry.format(each.severity, _MARKS[each.severity], with_names(each.sentence, names), each.anchor, each.link)
        for each in ordered
    )
    return Markup(
        '<section id="findings" aria-labelledby="all-findings"><h2 id="all-findings">All findings</h2>'
        '<ol class="findings">{}</ol></section>'
    ).format(rows)
