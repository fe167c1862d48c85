"""How good the model is: confusions, each class, the probabilities, and the training's curves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from markupsafe import Markup

from ...models.evaluation.calibration import accuracy_interval
from ...models.model_files.cards import ModelCard
from ..drawing.wording import count, listed, percent
from ..evidence.gather import Evidence
from ..html.components import NONE, figure, joined, notice, table
from ..html.page import Section
from ..plots.performance import (
    MOST_CURVES,
    class_curves,
    confusion_matrix,
    most_confused,
    reliability,
)
from ..plots.training import curves_of, label_smoothing
from .section import Finding


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
                _training(evidence.card),
            ]
        ),
        parts=[("confusions", "Confusion matrix"), ("per-class", "Per class"), ("calibration", "Calibration")],
    )


def _confusions(evidence: Evidence) -> Markup:
    counts, names = evidence.evaluation.confusion, evidence.dataset.class_names
    chosen = most_confused(counts)
    drawn = confusion_matrix(counts, names, chosen=chosen)
    reading = (
        "Each row is a true class, each column a predicted one; the number counts images, the shade is the share of the "
        "true class. Blue cells are right answers, orange ones confusions."
    )
    cut = (
        [notice(f"The {len(chosen)} classes with the most frequent confusions, of {len(names)}.")]
        if len(chosen) < len(names)
        else []
    )
    shown = figure(drawn.svg(), "Where the images of each class go.", reading=reading)
    return joined([Markup('<h3 id="confusions">Confusion matrix</h3>'), *cut, shown, _most_frequent(evidence)])


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


def _precision_recall(evidence: Evidence) -> Markup:
    names, support = evidence.dataset.class_names, evidence.evaluation.support
    empty = [names[label] for label in np.flatnonzero(support == 0)]
    known = len(names) - len(empty)
    reading = (
        "Take for a class every image whose probability of it lies above a threshold. A low threshold finds most of the "
        "class (recall, to the right) at the price of others taken along (precision, down). A curve that stays in the "
        "upper right corner belongs to a class that is told apart well; average precision is the area under its steps."
    )
    caption = ["Each class against all others, the best first."]
    if known > MOST_CURVES:
        caption.append(f"The {MOST_CURVES} classes with the lowest average precision, of {known}.")
    if empty:
        caption.append(f"Without images, and so without a curve: {listed(empty)}.")
    return figure(class_curves(evidence.evaluation).svg(), " ".join(caption), reading=reading)


def _calibration(evidence: Evidence) -> Markup:
    bins = evidence.evaluation.calibration
    drawn = reliability(bins.confidence, bins.accuracy, bins.counts, bins.expected_error)
    reading = (
        "Images are put into bins by the probability of their predicted class. On the diagonal the model is right as often "
        "as it says; above it, it is too modest, below it, too sure. Larger dots hold more images."
    )
    caption = f"Expected calibration error {bins.expected_error:.3f}, over {len(bins.counts)} bins."
    return Markup('<h3 id="calibration">Calibration</h3>') + figure(drawn.svg(), caption, reading=reading)


def _training(card: ModelCard | None) -> Markup:
    """The curves of the training, where the model's card has them."""
    if card is None or not card.history:
        return NONE
    reading = (
        "The training curve is the mean over an epoch while the weights change, with dropout and augmentation where the "
        "recipe has them: it can lie on the worse side of the other curves. Those are measured after the epoch."
    )
    drawn = [
        figure(curves_of(card, measure).svg(), _training_caption(card, measure), reading=reading)
        for measure in ("accuracy", "loss")
        if measure in card.history
    ]
    return Markup('<h3 id="curves">Training</h3><div class="pair">{}</div>').format(joined(drawn))


def _training_caption(card: ModelCard, measure: str) -> str:
    said = [f"{measure.capitalize()} after each epoch."]
    smoothing = label_smoothing(card)
    if measure == "loss" and smoothing:
        said.append(
            f"It is measured with the label smoothing of {smoothing:g} that the model was trained with, which keeps it "
            "above the loss at the head of this section: that one is of the labels as they are."
        )
    if card.best_epoch < len(card.history[measure]):
        monitor = {"val_accuracy": "validation accuracy", "val_loss": "validation loss"}.get(
            card.recipe.get("monitor", "")
        )
        by = f", the best one by {monitor}" if monitor else ""
        said.append(f"The model has the weights of epoch {card.best_epoch}{by}.")
    if measure == "loss" and "test_loss" in card.history:
        said.append("The test curve decided nothing; it was recorded for this plot only.")
    return " ".join(said)


def _accuracy(evidence: Evidence) -> Iterator[Finding]:
    wrong, total = evidence.mistakes.total, len(evidence.dataset)
    yield (
        f"{count(total - wrong, 'image')} of {total:,} are classified rightly, {wrong:,} wrongly.",
        "performance",
        "figures",
    )


def _weakest_class(evidence: Evidence) -> Iterator[Finding]:
    evaluation, names = evidence.evaluation, evidence.dataset.class_names
    weakest = weakest_class(evidence)
    if weakest is None:
        return
    row = evaluation.confusion[weakest].copy()
    row[weakest] = 0
    support, others = int(evaluation.support[weakest]), "most others" if (row > 0).sum() > 3 else "the others"
    goes = [f"{names[label]} ({row[label]})" for label in np.argsort(-row, kind="stable")[:3] if row[label]]
    yield (
        f"{names[weakest]} is the weakest class: {percent(evaluation.recall[weakest])} of its "
        f"{count(support, 'image')} {_is(support)} found; {others} go to {listed(goes)}.",
        "per-class",
        "per class",
    )


def weakest_class(evidence: Evidence) -> int | None:
    """The class of which the smallest share is found; None where that is no one class among several."""
    recall = evidence.evaluation.recall
    known = np.isfinite(recall)
    if known.sum() < 2 or not evidence.mistakes.total or (recall[known] == recall[known].min()).sum() > 1:
        return None
    return int(np.nanargmin(recall))


def _is(amount: int) -> str:
    return "is" if amount == 1 else "are"


def _calibration_finding(evidence: Evidence) -> Iterator[Finding]:
    evaluation = evidence.evaluation
    sureness, right = float(evaluation.probabilities.max(axis=1).mean()), evaluation.accuracy
    error = evaluation.calibration.expected_error
    low, high = accuracy_interval(int((evaluation.predictions == evaluation.labels).sum()), len(evaluation.labels))
    direction = "less sure than it is right" if sureness < right else "surer than it is right"
    if low <= sureness <= high:
        direction = "as sure as it is right, as far as so many images can tell"
    yield (
        f"On average the model is {direction}: mean probability {percent(sureness)}, accuracy {percent(right)}; "
        f"the expected calibration error is {error:.3f}.",
        "calibration",
        "calibration",
    )
