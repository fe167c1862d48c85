"""Each label's figures, and which labels come together, with the errors that follow."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from ...models.evaluation.numbers import Estimate
from ..drawing.wording import count, percent
from ..html.components import EMPTY, figure, folded, how_to_read, joined, name_html, notice, table
from ..html.page import Section
from ..plots.performance import precision_recall
from .evidence import LabelsEvidence
from .plots import difference_matrix, together_matrix

_MOST_CURVES = 12
_MOST_DRAWN = 40  # labels of a matrix, those that occur most often
_MOST_PAIRS = 20
_READING = (
    "A label is answered where its probability is 50 % or more. Precision is the share of its answers that are right, recall "
    "the share of the pictures that bear it which are answered it, both with Wilson’s intervals at 95 %. Average precision is "
    "the area under the curve of the two as the threshold rises; by chance it is the label’s share of the pictures. The best "
    "threshold has the highest F1 on these very pictures, so that its F1 flatters: choose it on others."
)


def labels_section(found: LabelsEvidence) -> Section:
    """A row for each label, and the curves of the weakest ones."""
    rows = [
        (
            name_html(each.name),
            f"{each.images:,}",
            f"{each.answered:,}",
            share_words(each.precision),
            share_words(each.recall),
            _two(each.f1),
            _two(each.average_precision),
            f"{_two(each.best_threshold)} ({_two(each.best_f1)})",
            _two(each.calibration_error),
        )
        for each in found.figures
    ]
    heads = ["Label", "Bear it", "Answered", "Precision", "Recall", "F1", "Average precision"]
    shown = table(
        [*heads, "Best threshold (F1)", "Calibration error"],
        rows,
        caption="Each label, answered at a probability of 50 % or more; with 95 % intervals",
        numeric=list(range(1, 9)),
    )
    html = joined([shown, how_to_read(_READING), _curves(found)])
    return Section("labels", "Labels", html, lead="How well is each label told?", view="labels")


def _curves(found: LabelsEvidence) -> Markup:
    known = sorted((each for each in found.figures if each.images), key=lambda each: each.average_precision)
    weakest = known[:_MOST_CURVES]
    if not weakest:
        return EMPTY
    drawn = precision_recall(
        {each.name: (each.curve.recall, each.curve.precision, each.average_precision) for each in weakest}, of="label"
    )
    cut = f", the {len(weakest)} with the lowest" if len(known) > len(weakest) else ""
    return figure(drawn.svg(), f"Precision and recall as the threshold rises{cut}; the area is the average precision.")


def together_section(found: LabelsEvidence) -> Section:
    """Which labels come together in the truth and in the answers, what is answered instead, and what leads astray."""
    names, together = found.names, found.together
    chosen = np.sort(np.argsort(-together.true.diagonal(), kind="stable")[:_MOST_DRAWN])
    few, cut = np.ix_(chosen, chosen), len(names) - len(chosen)
    shown = [names[place] for place in chosen]
    true = together_matrix(together.true[few], shown, "Borne together, images")
    less = difference_matrix((together.answered - together.true)[few], together.true[few], shown, "Answered less borne")
    pair = Markup('<div class="pair">{}{}</div>').format(
        figure(true.svg(), true.description), figure(less.svg(), less.description)
    )
    html = [
        *([notice(f"{cut} labels that fewer pictures bear are left out of the drawings.")] if cut else []),
        pair,
        Markup("<h3>Led astray by another label</h3>"),
        _astray(found),
        Markup("<h3>One label instead of another</h3>"),
        _instead(found),
    ]
    lead = "Which labels come together, and does the model answer one because of the other?"
    return Section("together", "Together", joined(html), lead=lead, view="together")


def _astray(found: LabelsEvidence) -> Markup:
    if not found.led_astray:
        said = "No label is wrongly answered more often beside another one than without it, beyond the intervals."
        return Markup("<p>{}</p>").format(said)
    names = found.names
    rows = [
        (
            name_html(names[pair.added]),
            name_html(names[pair.beside]),
            f"{pair.images:,}",
            share_words(pair.rate),
            share_words(pair.elsewhere),
        )
        for pair in found.led_astray[:_MOST_PAIRS]
    ]
    reading = (
        "Of the pictures that do not bear the first label: how often it is answered where the second one is there, and how "
        "often where it is not. A large difference says that the model takes the second label’s surroundings for the first."
    )
    caption = "Wrongly answered beside another label more often than without it, with 95 % intervals"
    heads = ["Wrongly answered", "Beside", "Images", "There", "Elsewhere"]
    return joined([table(heads, rows, caption=caption, numeric=[2, 3, 4]), how_to_read(reading)])


def _instead(found: LabelsEvidence) -> Markup:
    counts, names = found.together.instead, found.names
    order = np.argsort(-counts, axis=None, kind="stable")[:_MOST_PAIRS]
    pairs = [divmod(int(place), len(names)) for place in order]
    rows = [
        (
            name_html(names[i]),
            name_html(names[j]),
            f"{counts[i, j]:,}",
            percent(float(counts[i, j]) / max(1, found.figures[i].images), 0),
        )
        for i, j in pairs
        if counts[i, j]
    ]
    if not rows:
        return Markup("<p>On no picture is one label missed and another one wrongly answered.</p>")
    caption = "Pictures that bear the first label, which is missed, and are wrongly answered the second"
    shown = table(["Missed", "Answered", "Images", "Of those that bear it"], rows, caption=caption, numeric=[2, 3])
    if len(rows) <= 8:
        return shown
    return folded("The pairs", shown, count=count(len(rows), "pair"))


def share_words(found: Estimate) -> str:
    """Such as '81 % (75 to 86)'."""
    if not np.isfinite(found.value):
        return "–"
    return f"{percent(found.value, 0)} ({100 * found.low:.0f} to {100 * found.high:.0f})"


def _two(value: float) -> str:
    return "–" if not np.isfinite(value) else f"{value:.2f}"
