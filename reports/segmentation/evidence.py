"""What is measured of a model that names a class for every pixel: its figures, its worst images, and what speaks for each class.

What speaks for a class is its Seg-Grad-CAM (Vinogradova et al. 2020, arXiv:2002.11434): the Grad-CAM of the class's logits summed
over the region where the model names it, at the coarsest convolution, which sees the most of the picture around a pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...interpret import GradCAM, Saliency, over_region, scored
from ...interpret.progress import Progress
from ...interpret.progress import steps as steps_of
from ...interpret.tracing.batched_graph import LayerProgram
from ...interpret.tracing.inputs import declared_inputs
from ...interpret.tracing.layer_choice import default_layers
from ...interpret.tracing.traced_model import Taps, TracedModel
from ...models.evaluation.segmentation import (
    SegmentationEvaluation,
    evaluation_of_masks,
    pixel_classes,
    true_classes,
)
from ...models.forward_pass import answers
from ..evidence.twin import DrawnOnly

WORST = 24
EXAMPLES = 4  # images of each class
_MOST_CLASSES = 12  # with maps: those that are named most


@dataclass(frozen=True, eq=False)
class ClassMaps:
    """What speaks for a class in the images where most pixels are named so."""

    label: int
    numbers: np.ndarray  # int64[n], of the images
    pixels: np.ndarray  # int64[n], named so
    cam: DrawnOnly[np.ndarray]  # float32[n,h,w], Seg-Grad-CAM, in the unit of the score
    saliency: DrawnOnly[np.ndarray]  # float32[n,H,W], of the same score


@dataclass(frozen=True, eq=False)
class SegmentationEvidence:
    """All that the page is made from."""

    evaluation: SegmentationEvaluation
    worst: np.ndarray  # int64[n], the images with the smallest mean IoU, the smallest first
    truth: DrawnOnly[np.ndarray]  # int64[n,H,W], their classes; -1 where left out
    named: DrawnOnly[np.ndarray]  # int64[n,H,W]
    classes: tuple[ClassMaps, ...]
    layer: str | None  # where Seg-Grad-CAM looks; None where the model shows no convolution
    regions: DrawnOnly[np.ndarray]  # int64[B,H,W], the class that the model names at every pixel


def gather_segmentation(
    model: Any,
    images: Any,
    masks: Any,
    class_names: Sequence[str] | None = None,
    *,
    head: str = "softmax",
    ignore: int | None = None,
    layer: str | None = None,
    batch_size: int = 256,
    step: Progress = False,
) -> SegmentationEvidence:
    """Look at a model of pixels; arguments as for `write_segmentation_report`."""
    parts, channels = [], 0
    for answer in answers(model, images, batch_size):
        parts.append(pixel_classes(np.asarray(answer), head))
        channels = int(answer.shape[-1])
    named, classes = np.concatenate([part[0] for part in parts]), parts[0][1]
    found = evaluation_of_masks(named, masks, classes, class_names, ignore=ignore)
    worst = found.worst(WORST)
    truth = true_classes(masks, classes, named.shape, ignore)
    at = layer if layer is not None else coarsest_layer(model)
    maps = () if at is None or channels == 1 else _class_maps(model, images, named, classes, at, step)
    return SegmentationEvidence(found, worst, truth[worst], named[worst], maps, at, named)


def coarsest_layer(model: Any) -> str | None:
    """The last of the convolutions with the fewest places: the bottleneck of a U-Net, where one place sees the most.

    That which names the classes does not count, as its evidence for a class is the class; None where there is no other.
    """
    traced: list[tuple[int, str]] = []

    def look(taps: Taps, _: Any) -> dict[str, Any]:
        for layer in default_layers(taps)[:-1]:
            sizes = [] if layer.axes is None else [layer.tensor.shape[axis] for axis in layer.axes.places]
            traced.append((int(np.prod([size or 2**15 for size in sizes])), layer.name))
        return {"image": taps.image}

    if declared_inputs(model) is None:
        return None
    _ = LayerProgram(TracedModel(model), look).axes
    fewest = min((places for places, _ in traced), default=0)
    return next((name for places, name in reversed(traced) if places == fewest), None)


def _class_maps(
    model: Any, images: Any, named: np.ndarray, classes: int, layer: str, step: Progress
) -> tuple[ClassMaps, ...]:
    counts = np.stack([(named == k).sum(axis=(1, 2)) for k in range(classes)], axis=1)  # int[B,K]
    order = np.argsort(-counts.sum(axis=0), kind="stable")
    shown = [int(k) for k in order[:_MOST_CLASSES] if counts[:, k].any()]
    made = []
    for part in steps_of(len(shown), 1, step):
        label = shown[part.start]
        numbers = np.argsort(-counts[:, label], kind="stable")[:EXAMPLES]
        numbers = numbers[counts[numbers, label] > 0]
        score, pixels = scored(model, over_region(label), unit="logit"), np.asarray(images[numbers])
        made.append(
            ClassMaps(label, numbers, counts[numbers, label], GradCAM(score, layer)(pixels), Saliency(score)(pixels))
        )
    return tuple(made)
