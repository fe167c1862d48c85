"""One image explained by attribution methods: each one's map, the limits of its colours, and what to know of it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from ..interpret.methods.catalogue import KnownMethod
from ..interpret.progress import Progress, Step
from ..interpret.stream.saturation import Saturation
from .drawing.method_maps import limits_for, map_words, scale_for
from .drawing.wording import number, with_minus
from .html.map_notes import faded
from .plots.explanation import MapPanel

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
    method = known.make(subject.model, subject.layer, min(subject.image.shape[:2]))
    asked = subject.image[np.newaxis], subject.explained, subject.versus, subject.batch_size, progress
    remarks = [known.remark, getattr(method, "remark", "")]
    if hasattr(method, "with_gap"):
        complete = method.with_gap(*asked)
        values = complete.maps[0]
        missing, whole = (with_minus(number(float(value[0]))) for value in (complete.gap, complete.expected))
        remarks.append(f"gap {missing} of {whole} {known.unit.replace('logit', subject.unit)}")
    else:
        values = method(*asked)[0]
    uncut = method.before_cut(*asked[:3])[0] if hasattr(method, "before_cut") and not values.any() else None
    return _Told(values, uncut, "; ".join(remark for remark in remarks if remark))


@dataclass(frozen=True, eq=False)
class MethodChoice:
    """Which methods to draw."""

    methods: tuple[KnownMethod, ...]  # in the order of their panels
    required: frozenset[str]  # names of those that must be drawn; the others are left out where the model refuses
    asked: bool = True  # whether the user chose them


def drawn_methods(
    choice: MethodChoice, subject: Subject, step: Step | None = None
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
            panels.append(method_panel(known, subject, False if step is None else partial(step, known.name)))
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
