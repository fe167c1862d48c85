"""How good the model is: confusions, each class, the probabilities, and the training's curves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from markupsafe import Markup

from ..models.evaluation import Evaluation
from .components import NONE, figure, joined, notice, table
from .evidence import Evidence
from .figures_performance import confusion_matrix, precision_recall, reliability, training_curves
from .page import Section
from .wording import count, percent

MOST_CURVES = 18  # classes in the precision-recall figure; more could not be told apart
MOST_CLASSES = 20  # of a confusion matrix; of more classes the most confused are shown


def performance_section(evidence: Evidence) -> Section:
    """The section."""
    evaluation = evidence.evaluation
    lead = (
        f"{percent(evaluation.accuracy, 2)} accuracy and a loss of {evaluation.loss:.3f} on "
        f"{count(len(evidence.dataset), 'image')}."
    )
    return Section(
        id="performance",
        title="Performance",
        lead=lead,
        html=joined(
            [
                _confusions(evidence),
                _per_class(evidence),
                _precision_recall(evidence),
                _calibration(evidence),
                _curves(evidence),
            ]
        ),
        parts=[("confusions", "Confusion matrix"), ("per-class", "Per class"), ("calibration", "Calibration")],
    )


def _confusions(evidence: Evidence) -> Markup:
    counts, names = evidence.evaluation.confusion, evidence.dataset.class_names
    chosen = most_confused(counts)
    drawn = confusion_matrix(counts[np.ix_(chosen, chosen)], [names[label] for label in chosen])
    reading = (
        "Each row is a true class, each column a predicted one; the number counts images, the shade is the share of the "
        "row. Blue cells are right answers, orange ones confusions."
    )
    cut = (
        [notice(f"The {len(chosen)} classes with the most frequent confusions, of {len(names)}.")]
        if len(chosen) < len(names)
        else []
    )
    shown = figure(drawn.svg(), "Where the images of each class go.", reading=reading)
    return joined([Markup('<h3 id="confusions">Confusion matrix</h3>'), *cut, shown, _most_frequent(evidence)])


def most_confused(counts: np.ndarray, most: int = MOST_CLASSES) -> list[int]:
    """The classes to draw: all, or those of the most frequent confusions, up to `most`, in their own order."""
    if len(counts) <= most:
        return list(range(len(counts)))
    off = counts.copy()
    np.fill_diagonal(off, 0)
    chosen: list[int] = []
    for cell in np.argsort(-off, axis=None, kind="stable"):
        new = [int(label) for label in np.unravel_index(cell, off.shape) if int(label) not in chosen]
        if len(chosen) + len(new) > most:
            break
        chosen.extend(new)
    return sorted(chosen)


def _most_frequent(evidence: Evidence) -> Markup:
    names, confusions = evidence.dataset.class_names, evidence.mistakes.confusions[:10]
    if not confusions:
        return NONE
    rows = [
        (
            Markup('<a href="#confusion-{}-{}">{} → {}</a>').format(
                c.true, c.predicted, names[c.true], names[c.predicted]
            ),
            f"{c.count:,}",
            percent(c.count / evidence.evaluation.support[c.true]),
        )
        for c in confusions
    ]
    return table(
        ["True → predicted", "Images", "Share of the true class"],
        rows,
        caption="Most frequent confusions",
        numeric=[1, 2],
    )


def _per_class(evidence: Evidence) -> Markup:
    evaluation, names = evidence.evaluation, evidence.dataset.class_names
    columns = (evaluation.precision, evaluation.recall, evaluation.f1, evaluation.average_precision)
    rows = [
        (name, *(percent(values[label]) for values in columns), f"{evaluation.support[label]:,}")
        for label, name in enumerate(names)
    ]
    shown = table(
        ["Class", "Precision", "Recall", "F1", "Average precision", "Images"],
        rows,
        caption="Precision: of those called so, how many are. Recall: of those that are, how many were found.",
        numeric=[1, 2, 3, 4, 5],
    )
    return Markup('<h3 id="per-class">Per class</h3>') + shown


def class_curves(evaluation: Evaluation) -> dict[str, tuple[np.ndarray, np.ndarray, float]]:
    """Recall, precision and average precision by class name: of many classes, those ranked worst."""
    known = np.flatnonzero([len(curve.recall) > 0 for curve in evaluation.curves])
    worst = known[np.argsort(evaluation.average_precision[known], kind="stable")][:MOST_CURVES]
    return {
        evaluation.class_names[label]: (
            evaluation.curves[label].recall,
            evaluation.curves[label].precision,
            float(evaluation.average_precision[label]),
        )
        for label in sorted(int(label) for label in worst)
    }


def _precision_recall(evidence: Evidence) -> Markup:
    curves, classes = class_curves(evidence.evaluation), len(evidence.dataset.class_names)
    reading = (
        "Take for a class every image whose probability of it lies above a threshold. A low threshold finds most of the "
        "class (recall, to the right) at the price of others taken along (precision, down). A curve that stays in the "
        "upper right corner belongs to a class that is told apart well; average precision is the area under its steps."
    )
    cut = f"The {len(curves)} classes with the lowest average precision, of {classes}." if len(curves) < classes else ""
    caption = f"Each class against all others, the best first. {cut}"
    return figure(precision_recall(curves).svg(), caption.strip(), reading=reading)


def _calibration(evidence: Evidence) -> Markup:
    bins = evidence.evaluation.calibration
    drawn = reliability(bins.confidence, bins.accuracy, bins.counts, bins.expected_error)
    reading = (
        "Images are put into bins by the probability of their predicted class. On the diagonal the model is right as often "
        "as it says; above it, it is too modest, below it, too sure. Larger dots hold more images."
    )
    caption = f"Expected calibration error {bins.expected_error:.3f}, over {len(bins.counts)} bins."
    return Markup('<h3 id="calibration">Calibration</h3>') + figure(drawn.svg(), caption, reading=reading)


def _curves(evidence: Evidence) -> Markup:
    if evidence.card is None or not evidence.card.history:
        return NONE
    history: Mapping[str, Sequence[float]] = evidence.card.history
    drawn = [
        figure(training_curves(history, measure).svg(), f"{measure.capitalize()} after each epoch.")
        for measure in ("accuracy", "loss")
        if measure in history
    ]
    return Markup('<h3 id="curves">Training</h3><div class="pair">{}</div>').format(joined(drawn))
