"""One image explained by attribution methods: each one's map, the limits of its colours, and what to know of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..interpret.graph.head import CLASSES, LINEAR, OPEN
from ..interpret.methods.catalogue import KnownMethod
from ..interpret.own_scores import Scored, scored_as
from ..interpret.progress import Progress, named
from ..interpret.stream.predictions import Decisions, decisions
from ..interpret.stream.saturation import Saturation
from ..models.known_names import unknown_name
from .drawing.method_maps import limits_for, map_words, scale_for
from .drawing.signal_form import SignalForm
from .drawing.wording import number, with_minus
from .html.map_notes import faded
from .plots.explanation import ExplainedImage, MapPanel

_VALUES_AT_ONCE = 2**22  # pixels times channels of the images that go through the model together


@dataclass(frozen=True, eq=False)
class Subject:
    """An image before a model, and what is asked about it."""

    model: Any
    image: np.ndarray  # float32[H,W,C]
    explained: int  # the class
    versus: int | None  # the class that it is held against
    layer: str | None  # where class activation maps look; None for the last convolution
    unit: str = "logit"  # of the score: 'logit', 'probability' or 'answer'
    signal: SignalForm | None = None  # where the image is a series or a volume

    @property
    def side(self) -> int:
        """The shorter side, in places."""
        return min(self.image.shape[:2] if self.signal is None else self.signal.sizes(self.image))

    @property
    def batch_size(self) -> int:
        """Variants of the image that go through the model together."""
        return int(np.clip(_VALUES_AT_ONCE // self.image.size, 8, 256))


@dataclass(frozen=True, eq=False)
class _Told:
    """What a method says of the subject."""

    values: np.ndarray  # float32[h,w], the map
    before_cut: np.ndarray | None  # float32[h,w], with the negative evidence that was cut off, where nothing is left
    remark: str  # what to know of it beside its limits, or ''


def method_panel(known: KnownMethod, subject: Subject, progress: Progress = False) -> MapPanel:
    """A method's map of the subject.

    Raises:
        ValueError: The method does not take this model; the message says why.
    """
    told = _told(known, subject, progress)
    limits = limits_for(known, told.values)
    words = map_words(known, told.values, limits, told.before_cut, subject.unit)
    words = words if subject.signal is None else words.replace("pixel value", "value")
    at = f" ({subject.layer})" if known.is_at_layer and subject.layer else ""
    return MapPanel(
        title=known.name,
        values=told.values,
        scale=scale_for(known, told.values),
        limits=limits,
        over_image=known.is_at_layer,
        note="\n".join(line for line in (words + at, told.remark) if line),
    )


def saturation_words(subject: Subject, head: str) -> str:
    """How long the class's gradient after the head is beside the logit's, a sentence; '' after a linear head.

    Args:
        subject: The image and the class.
        head: 'softmax', 'sigmoid', 'linear' or 'probability'.
    """
    if head in ("linear", "probability"):
        return ""
    try:
        share = float(Saturation(subject.model)(subject.image[np.newaxis], subject.explained)[0])
    except ValueError:  # a picture of whole numbers has no gradient: there is nothing to say
        return ""
    if not np.isfinite(share):
        return "The logit has no gradient at this image."
    said = faded(share, head)
    return f"{said[0].upper()}{said[1:]}."


def _told(known: KnownMethod, subject: Subject, progress: Progress) -> _Told:
    """The map, and what the method has beside it (see `methods.attribution`)."""
    method = known.make(subject.model, subject.layer, subject.side)
    asked = subject.image[np.newaxis], subject.explained, subject.versus, subject.batch_size, progress
    remarks = [known.remark]
    if hasattr(method, "with_gap"):
        complete = method.with_gap(*asked)
        values = complete.maps[0]
        missing, whole = (with_minus(number(float(value[0]))) for value in (complete.gap, complete.expected))
        remarks.append(f"gap {missing} of {whole} {known.unit.replace('logit', subject.unit)}")
    else:
        values = method(*asked)[0]
    remarks.insert(1, getattr(method, "remark", ""))
    uncut = method.before_cut(*asked[:3])[0] if hasattr(method, "before_cut") and not values.any() else None
    return _Told(values, uncut, "; ".join(remark for remark in remarks if remark))


@dataclass(frozen=True, eq=False)
class MethodChoice:
    """Which methods to draw."""

    methods: tuple[KnownMethod, ...]  # in the order of their panels
    required: frozenset[str]  # names of those that must be drawn; the others are left out where the model refuses
    asked: bool = True  # whether the user chose them


def drawn_methods(
    choice: MethodChoice, subject: Subject, step: Progress = False
) -> tuple[tuple[MapPanel, ...], tuple[str, ...]]:
    """A panel of each method, and a line for each one that was left out: which, and why.

    Args:
        choice: Which methods, and which of them may not be missing.
        subject: The image and the class.
        step: Told (name of the method, images done, of how many).

    Raises:
        ValueError: The model refuses a method that must be drawn, or all of them.
    """
    panels, left_out, refused = [], [], []
    for known in choice.methods:
        try:
            panels.append(method_panel(known, subject, named(step, known.name)))
        except ValueError as error:
            if known.name in choice.required:
                raise
            refused.append(error)
            left_out.append(f"{known.name} was left out: {_first_sentence(error)}")
    if refused and not panels:
        raise refused[0]
    return tuple(panels), tuple(left_out)


def _first_sentence(error: ValueError) -> str:
    return " ".join(str(error).split()).split(". ")[0].rstrip(".") + "."


@dataclass(frozen=True, eq=False)
class Picture:
    """An image at the size and range that a model takes, and what is known of it."""

    pixels: np.ndarray  # float32[H,W,C]
    value_range: tuple[float, float] = (0.0, 1.0)  # (black, white)
    class_names: tuple[str, ...] | None = None  # None where nothing tells them
    true: int | None = None  # the true class; None where it is not known
    shown: np.ndarray | None = None  # float32[H,W,C] within value_range, for people; None: the pixels
    signal: SignalForm | None = None  # where the pixels are those of a series or a volume


def explained_image(
    model: Any,
    picture: Picture,
    choice: MethodChoice,
    class_name: str | None = None,
    versus: str | None = None,
    layer: str | None = None,
    *,
    step: Progress = False,
) -> tuple[ExplainedImage, tuple[str, ...]]:
    """One image explained by several methods, and lines that a reader should have seen before; nothing is printed.

    Args:
        model: A Keras model with one image input.
        picture: The image.
        choice: Which methods, and which of them may not be missing.
        class_name: The class to explain, by its name in any case or its number; None for the predicted one.
        versus: Why that class rather than this one.
        layer: Layer of the class activation maps; None for the last convolution.
        step: Told (name of the method, images done, of how many).

    Raises:
        ValueError: A class is unknown, the model refuses a method that must be drawn, or it is not known what its one
            number stands for.
    """
    decided, told = decisions(model, picture.pixels[np.newaxis]), scored_as(model)
    _refuse_what_may_be_either(decided.task)
    names = _class_names(picture, decided) if told is None else _score_names(told, decided)
    subject = Subject(
        model=model,
        image=picture.pixels,
        explained=int(decided.classes[0]) if class_name is None else _class_number(class_name, names),
        versus=None if versus is None else _class_number(versus, names),
        layer=layer or decided.cam_layer,
        unit=decided.unit if told is None else told.unit,
        signal=picture.signal,
    )
    against_itself = _against_itself(subject, names, named=class_name is not None)
    panels, left_out = drawn_methods(choice, subject, step)
    explained = ExplainedImage(
        image=picture.pixels if picture.shown is None else picture.shown,
        value_range=picture.value_range,
        probabilities=decided.probabilities[0],
        unit=subject.unit,
        answers=_answers(names, decided),
        class_names=names,
        explained=subject.explained,
        versus=subject.versus,
        true=None if decided.unit == "answer" else picture.true,
        panels=panels,
        faded=saturation_words(subject, decided.head),
        headed=choice.asked,
        signal=picture.signal,
    )
    lines = [decided.remark if told is None else None, taken_as_classes(decided, picture.class_names), against_itself]
    return explained, (*(line for line in lines if line is not None), *left_out)


def _against_itself(subject: Subject, names: Sequence[str], *, named: bool) -> str | None:
    """What is to be known where a class is held against itself: every map is zero.

    Args:
        subject: What is explained.
        names: Of the classes.
        named: Whether the class was named; else it is the predicted one.

    Raises:
        ValueError: Both were named.
    """
    if subject.versus is None or subject.versus != subject.explained:
        return None
    name = names[subject.versus]
    if named:
        raise ValueError(f"Expected two classes. Received '{name}' twice. Name another one for versus.")
    return f"{name} is what the model answers: rather than itself nothing speaks for it, and the maps are zero. Name another one."


def taken_as_classes(decided: Decisions, class_names: Sequence[str] | None) -> str | None:
    """That several answers without an activation are taken as logits, though nothing names classes; else None."""
    if class_names is not None or decided.head != LINEAR or decided.task != CLASSES:
        return None
    answers = decided.scores.shape[1]
    return (
        f"The model ends without an activation, and nothing names its {answers} answers: they are taken as the logits of "
        f"{answers} classes. If they are quantities, say --task regression, in Python declare_task(model, 'regression')."
    )


def _refuse_what_may_be_either(task: str) -> None:
    """Of two classes or a regression: nothing is guessed."""
    if task == OPEN:
        raise ValueError(
            "Expected to know what the one number is that the model answers, without an activation. Neither data nor a "
            "card tell. Pass --task binary if it is the logit of two classes, --task regression if it is a "
            "quantity."
        )


def _answers(names: tuple[str, ...], decided: Decisions) -> tuple[str, ...]:
    """The numbers of an answer that stands for no probability; none where there are probabilities."""
    if decided.unit != "answer":
        return ()
    return tuple(f"{name} is {score:.4g}" for name, score in zip(names, decided.scores[0], strict=True))


def _class_names(picture: Picture, decided: Decisions) -> tuple[str, ...]:
    classes = decided.scores.shape[1]
    if decided.unit == "answer":
        return ("the answer",) if classes == 1 else tuple(f"answer {k}" for k in range(classes))
    names = picture.class_names or tuple(f"class {k}" for k in range(classes))
    if len(names) != classes:
        raise ValueError(
            f"Expected a name for each of the model's {classes} classes. Received {len(names)}: {', '.join(names[:12])}. "
            f"List all of them in a text file, in the order of the model's outputs, and pass --class-names FILE."
        )
    return names


def _score_names(told: Scored, decided: Decisions) -> tuple[str, ...]:
    numbers = decided.scores.shape[1]
    return (told.name,) if numbers == 1 else tuple(f"{told.name}, number {k}" for k in range(numbers))


def _class_number(name: str, known: tuple[str, ...]) -> int:
    """The class called `name`, in any case, or with this number."""
    lowered = [word.lower() for word in known]
    if name.lower() in lowered:
        return lowered.index(name.lower())
    if name.isdigit() and int(name) < len(known):
        return int(name)
    raise unknown_name("class", name, known, "Pass one of them, or its number.")
