"""Who is taken for whom: the confusion matrix as a table of links, and the ten largest confusions."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from ....models.evaluation.metrics import Evaluation
from ...drawing.wording import count, percent
from ...evidence.performance import ConfusionCount
from ...html.components import EMPTY, joined, name_html
from ...plots.performance import most_confused

MOST_LISTED = 10
_MOST_CLASSES = 14  # of the matrix; of more, those of the largest confusions


def matrix(evaluation: Evaluation) -> Markup:
    """The table: a right answer leads to its class, a confusion to its images."""
    names, counts = evaluation.class_names, evaluation.confusion
    shown = most_confused(counts, _MOST_CLASSES)
    head = joined(Markup('<th scope="col"><span>{}</span></th>').format(name_html(names[label])) for label in shown)
    rows = joined(_row(evaluation, label, shown) for label in shown)
    cut = "" if len(shown) == len(names) else f" {_chosen(counts, len(shown))}, of {len(names)}."
    return Markup(
        '<div class="cm-box" tabindex="0" role="region" aria-label="Confusion matrix"><table class="cm"><caption class="vh">'
        "Confusion matrix: rows true, columns predicted.{0}</caption>"
        '<thead><tr><td></td>{1}<th scope="col" class="rec"><span>found</span></th></tr></thead><tbody>{2}</tbody></table></div>'
        '<p class="key"><i class="k1"></i> right <i class="k2"></i> confused, share of the true class{3}</p>'
    ).format(cut, head, rows, cut)


def _chosen(counts: np.ndarray, shown: int) -> str:
    """By what the classes shown were chosen."""
    confused = int(counts.sum() - np.trace(counts))
    return (
        f"The {shown} classes of the largest confusions" if confused else f"The first {shown} classes: none is confused"
    )


def _row(evaluation: Evaluation, true: int, shown: Sequence[int]) -> Markup:
    names, counts = evaluation.class_names, evaluation.confusion
    support = int(evaluation.support[true])
    cells = joined(_cell(names, counts, true, said, support) for said in shown)
    recall = Markup('<td class="rec">{}</td>').format(percent(evaluation.recall[true], 0))
    return Markup('<tr><th scope="row">{}</th>{}{}</tr>').format(name_html(names[true]), cells, recall)


def _cell(names: Sequence[str], counts: np.ndarray, true: int, said: int, support: int) -> Markup:
    number = int(counts[true, said])
    if not number:
        return Markup('<td class="z"></td>')
    share = number / max(support, 1)
    if true == said:
        label = f"{number:,} of {support:,} {names[true]} found"
        return _link("ok", share, f"#/class/{true}", label, number)
    label = f"{number:,} {names[true]} taken for {names[said]}"
    return _link("no", min(1.0, 6 * share), f"#/confusion/{true}-{said}", label, number)


def _link(kind: str, share: float, target: str, label: str, number: int) -> Markup:
    return Markup('<td class="{}" style="--a:{:.2f}"><a href="{}" aria-label="{}">{:,}</a></td>').format(
        kind, share, target, label, number
    )


def pair_html(names: Sequence[str], true: int, predicted: int) -> Markup:
    """'T-shirt → Shirt', in the colours of the true and the predicted class."""
    return Markup('<span class="t">{}</span> → <span class="p">{}</span>').format(
        name_html(names[true]), name_html(names[predicted])
    )


def largest(confusions: Sequence[ConfusionCount], names: Sequence[str], mistakes: int) -> Markup:
    """The ten largest confusions as bars that lead to their images."""
    shown = confusions[:MOST_LISTED]
    if not shown:
        return EMPTY
    held = sum(each.count for each in shown) / mistakes
    most = shown[0].count
    entry = Markup('<li><a href="#/confusion/{}-{}">{}</a><i style="--p:{:.3f}"></i><b>{:,}</b></li>')
    rows = joined(
        entry.format(
            each.true, each.predicted, pair_html(names, each.true, each.predicted), each.count / most, each.count
        )
        for each in shown
    )
    said = f"{len(shown)} of {len(confusions):,} make {percent(held, 0)} of {count(mistakes, 'mistake')}"
    return Markup('<h2 class="sm">Largest confusions <small>{}</small></h2><ul class="lc">{}</ul>').format(said, rows)
