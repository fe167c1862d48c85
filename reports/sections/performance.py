"""How good the model is: confusions, each class, the probabilities, and the training's curves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from markupsafe import Markup

from ...interpret.layers.survey import SurveyStatistic
from ...interpret.trust.verdicts import FEWEST_IMAGES
from ...models.evaluation.calibration import accuracy_interval
from ...models.evaluation.metrics import Evaluation
from ...models.model_files.cards import ModelCard
from ..drawing.wording import count, listed, percent
from ..evidence.performance import PerformanceEvidence, gather_performance
from ..evidence.seen import Seen
from ..html.components import EMPTY, figure, folded, joined, name_html, table
from ..plots.performance import (
    MOST_CURVES,
    class_curves,
    reliability,
)
from ..plots.training import curves_of, label_smoothing
from .section import About, Finding, Part

_MISSED = 0.5  # a class of which less is found is a problem: most of its images are called something else
_BEHIND = 0.1  # a class whose recall lies further below the accuracy calls for caution
_OFF = 0.05  # an expected calibration error above it calls for caution: a probability of 80 % may well mean 75 %


class PerformanceSection:
    """The section; see `ReportSection`."""

    view = "classes"
    id, title, lead = "performance", "Performance", "How good is the model?"

    def needs(self, seen: Seen) -> tuple[SurveyStatistic]:
        """The survey of the layers, which has the model's answers too."""
        return (seen.surveying(),)

    def evidence(self, seen: Seen, earlier: Mapping[str, Any]) -> PerformanceEvidence:
        """The figures of the model's answers."""
        return gather_performance(seen)

    def findings(self, found: PerformanceEvidence, about: About) -> Iterator[Finding]:
        """Accuracy, the weakest class, and whether the probabilities can be believed."""
        yield _accuracy(found)
        yield from _constant(found, about.class_names)
        yield from _weakest_class(found, about.class_names)
        yield from _calibration_finding(found)

    def html(self, found: PerformanceEvidence, about: About) -> Part:
        """The plots and tables."""
        figures = found.figures
        both = Markup('<div class="pair"><div>{}</div><div>{}</div></div>')
        html = [
            both.format(_per_class(found.evaluation), _calibration(found.evaluation)),
            _precision_recall(found.evaluation),
            _training(about.card),
        ]
        return Part(
            joined(html),
            parts=[("per-class", "Per class"), ("calibration", "Calibration")],
            lead=f"{percent(figures.accuracy, 2)} accuracy and a loss of {figures.loss:.3f} on "
            f"{count(figures.images, 'image')}.",
        )


def _per_class(evaluation: Evaluation) -> Markup:
    columns = (evaluation.precision, evaluation.recall, evaluation.f1, evaluation.average_precision)
    rows = [
        (
            Markup('<a id="/class/{0}" href="#/class/{0}">{1}</a>').format(label, name_html(name)),
            *(percent(values[label]) for values in columns),
            f"{evaluation.support[label]:,}",
        )
        for label, name in enumerate(evaluation.class_names)
    ]
    shown = table(
        ["Class", "Precision", "Recall", "F1", "Average precision", "Images"],
        rows,
        caption="Precision: of those called so, how many are. Recall: of those that are, how many were found.",
        numeric=[1, 2, 3, 4, 5],
    )
    return Markup('<h3 id="per-class">Per class</h3>') + shown


def _precision_recall(evaluation: Evaluation) -> Markup:
    names, support = evaluation.class_names, evaluation.support
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
    drawn = figure(class_curves(evaluation).svg(), " ".join(caption), reading=reading)
    return folded("Precision and recall, each class", drawn)


def _calibration(evaluation: Evaluation) -> Markup:
    bins = evaluation.calibration
    drawn = reliability(bins.confidence, bins.accuracy, bins.counts, bins.expected_error)
    reading = (
        "Images are put into bins by the probability of their predicted class. On the diagonal the model is right as often "
        "as it says; above it, it is too modest, below it, too sure. Larger dots hold more images."
    )
    images = int(bins.counts.sum())
    caption = f"Expected calibration error {bins.expected_error:.3f}, over {len(bins.counts)} bins."
    if images < FEWEST_IMAGES:
        caption = f"{caption} {count(images, 'image')} cannot tell it: at least {FEWEST_IMAGES} are needed."
    return Markup('<h3 id="calibration">Calibration</h3>') + figure(drawn.svg(), caption, reading=reading)


def _training(card: ModelCard | None) -> Markup:
    """The curves of the training, where the model's card has them."""
    if card is None or not card.history:
        return EMPTY
    reading = (
        "The training curve is the mean over an epoch while the weights change, with dropout and augmentation where the "
        "recipe has them: it can lie on the worse side of the other curves. Those are measured after the epoch."
    )
    drawn = [
        figure(curves_of(card, measure).svg(), _training_caption(card, measure), reading=reading)
        for measure in ("accuracy", "loss")
        if measure in card.history
    ]
    return folded("The training’s curves", Markup('<div class="pair">{}</div>').format(joined(drawn)))


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


def _accuracy(found: PerformanceEvidence) -> Finding:
    figures, wrong, total = found.figures, found.mistakes, found.figures.images
    most = max(each.support for each in figures.classes.values())  # what always giving the largest class gets right
    return Finding(
        f"{count(total - wrong, 'image')} of {total:,} {_is(total - wrong)} correctly classified, {wrong:,} incorrectly.",
        severity="problem" if total - wrong <= most and wrong else "fact",
        number=figures.accuracy,
        anchor="performance",
        link="figures",
        weight=1.0,
    )


def _weakest_class(found: PerformanceEvidence, names: tuple[str, ...]) -> Iterator[Finding]:
    if found.weakest is None:
        yield from _tied(found, names)
        return
    evaluation, weakest = found.evaluation, found.weakest
    recall, support = float(evaluation.recall[weakest]), int(evaluation.support[weakest])
    row = evaluation.confusion[weakest].copy()
    row[weakest] = 0
    others = "most others" if (row > 0).sum() > 3 else "the others"
    goes = [f"{names[label]} ({row[label]})" for label in np.argsort(-row, kind="stable")[:3] if row[label]]
    behind = recall < evaluation.accuracy - _BEHIND
    yield Finding(
        f"{names[weakest]} is the weakest class: {percent(recall)} of its {count(support, 'image')} {_is(support)} found; "
        f"{others} go to {listed(goes)}.",
        severity="problem" if recall < _MISSED else "caution" if behind else "fact",
        number=recall,
        anchor="per-class",
        link="per class",
        weight=0.95,
    )


def _constant(found: PerformanceEvidence, names: tuple[str, ...]) -> Iterator[Finding]:
    """That one answer is given to every image, where the images are of several classes."""
    answers, images = found.evaluation.confusion.sum(axis=0), found.figures.images
    if found.evaluation.confusion.any(axis=1).sum() < 2 or (answers > 0).sum() > 1:
        return
    yield Finding(
        f"The model answers {names[int(answers.argmax())]} to every one of the {images:,} images, whatever they show.",
        severity="problem",
        number=images,
        anchor="/findings",
        link="confusion matrix",
        weight=1.1,
    )


def _tied(found: PerformanceEvidence, names: tuple[str, ...]) -> Iterator[Finding]:
    """The classes of which equally few are found, where that is not all of several."""
    recall = found.evaluation.recall
    known = np.flatnonzero(np.isfinite(recall))
    if len(known) < 2 or found.evaluation.accuracy == 1 or not (recall[known] > recall[known].min()).any():
        return
    least = [names[label] for label in known if recall[label] == recall[known].min()]
    share = float(recall[known].min())
    yield Finding(
        f"{listed(least)} are the weakest classes: {percent(share)} of the images of each are found.",
        severity="problem" if share < _MISSED else "caution" if share < found.figures.accuracy - _BEHIND else "fact",
        number=share,
        anchor="per-class",
        link="per class",
        weight=0.95,
    )


def _is(amount: int) -> str:
    return "is" if amount == 1 else "are"


def _calibration_finding(found: PerformanceEvidence) -> Iterator[Finding]:
    sure, right, images = found.confidence, found.figures.accuracy, found.figures.images
    if images < FEWEST_IMAGES:
        return
    error = found.figures.expected_calibration_error
    low, high = accuracy_interval(images - found.mistakes, images)
    direction = "less sure than it is right" if sure < right else "surer than it is right"
    fits = low <= sure <= high or percent(sure) == percent(right)
    if fits:
        direction = "as sure as it is right, as far as so many images can tell"
    yield Finding(
        f"On average the model is {direction}: mean probability {percent(sure)}, accuracy {percent(right)}; "
        f"the expected calibration error is {error:.3f}.",
        severity="caution" if error > _OFF and not fits else "fact",
        number=error,
        anchor="calibration",
        link="calibration",
        weight=0.8,
    )
