"""What a model decides about images, before any method explains it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..methods.class_activation import grad_cam
from ..tracing.batched_graph import Computed
from ..tracing.inputs import Arrays
from ..tracing.layer_choice import is_spatial, spatial_layer
from ..tracing.traced_model import Taps, gradients
from .one_pass import one_pass
from .statistic import ArraySource, Batch, Numbered


@dataclass(frozen=True, eq=False)
class Decisions:
    """The answers, from logits that are proven."""

    head: str  # 'softmax', 'sigmoid' or 'linear'
    probabilities: np.ndarray  # float32[B,K], 0..1
    classes: np.ndarray  # int32[B], the predicted class
    cam_layer: str | None  # where class activation maps look unless told; None where no layer has a map of places


def decisions(
    model: Any, images: Arrays, batch_size: int | None = None, *, output: str | None = None, wrt: str | None = None
) -> Decisions:
    """The decisions of a model, also of one that shows no layer.

    Args:
        model: A Keras model.
        images: float32[B,H,W,C], or the list or dict that the model takes.
        batch_size: Images at a time; None: as many as fit a few megabytes.
        output: Which output to look at, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Example:
        A model whose logits are (0, 2): the predicted class is 1, the probabilities are (0.12, 0.88).
    """
    asked = Answers(peaks=False)
    found = one_pass(model, ArraySource(images), [asked], batch_size=batch_size, output=output, wrt=wrt)[asked.key]
    return Decisions(
        head=found.head.kind,
        probabilities=found.head.probabilities(found.logits).astype(np.float32),
        classes=found.logits.argmax(axis=1).astype(np.int32),
        cam_layer=found.cam_layer,
    )


@dataclass(frozen=True, eq=False)
class Answered:
    """What a model answers to each image, in the order of their numbers."""

    numbers: np.ndarray  # int64[B]
    labels: np.ndarray  # int64[B], the true classes as the source gives them
    logits: np.ndarray  # float32[B,K]
    grad_cam_peak: np.ndarray | None  # float32[B], largest value of the predicted class's Grad-CAM; None: not asked for
    cam_layer: str | None  # where Grad-CAM looks; None where no layer has a map of places
    head: Any  # the `Head` that turns the logits into the answer
    logit_error: float  # largest |head(logits) - model(x)| on the images of the proof


class Answers:
    """The logits of every image, and how strong its Grad-CAM is at most: a statistic.

    Args:
        cam_layer: The layer of Grad-CAM; None for the last convolution.
        peaks: Whether the peaks are wanted, which needs a layer with a map of places.
    """

    def __init__(self, cam_layer: str | None = None, *, peaks: bool = True) -> None:
        self.key = f"answers|{cam_layer}|{peaks}"
        self._cam_layer, self._peaks = cam_layer, peaks
        self._seen = Numbered()
        self._facts: dict[str, Any] = {}

    def taps(self, taps: Taps, scores: Any) -> Computed:
        """The peak of Grad-CAM; the logits come with every batch."""
        import tensorflow as tf

        if not self._peaks and not any(is_spatial(layer) for layer in taps.layers):
            return Computed({}, {"cam_layer": None})
        cam = spatial_layer(taps, self._cam_layer)
        if not self._peaks:
            return Computed({}, {"cam_layer": cam.name})
        (slope,) = gradients(scores, {f"layer {cam.name!r}": cam.tensor})
        peak = tf.reduce_max(grad_cam(cam.tensor, slope), axis=(1, 2))
        return Computed({"peak": peak}, {"cam_layer": cam.name})

    def update(self, batch: Batch) -> None:
        """Keep the logits and the peaks."""
        kept = {"labels": batch.labels, "logits": batch.values["logits"]}
        if self._peaks:
            kept["peak"] = batch.values["peak"]
        self._seen.add(batch.numbers, kept)
        self._facts = dict(batch.facts)

    def merge(self, later: Answers) -> None:
        """Take over what another one saw."""
        self._seen.merge(later._seen)
        self._facts = self._facts or later._facts

    def result(self) -> Answered:
        """The answers in the order of the images."""
        numbers, kept = self._seen.in_order()
        return Answered(
            numbers=numbers,
            labels=kept["labels"],
            logits=kept["logits"],
            grad_cam_peak=kept.get("peak"),
            cam_layer=self._facts["cam_layer"],
            head=self._facts["head"],
            logit_error=self._facts["logit_error"],
        )
