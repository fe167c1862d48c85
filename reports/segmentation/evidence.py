"""What is measured of a model that names a class for every pixel: its figures, its worst images, and what speaks for each class.

What speaks for a class is its Seg-Grad-CAM (Vinogradova et al. 2020, arXiv:2002.11434): the Grad-CAM of the class's logits summed
over the region where the model names it, at the coarsest convolution, which sees the most of the picture around a pixel.

All images go through the model once and are counted; of the few that are shown the classes are named again, so that memory does
not grow with the number of images.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...interpret import GradCAM, Saliency, over_region, scored
from ...interpret.own_scores import of_one_channel, shows_logits
from ...interpret.progress import Progress, named
from ...interpret.progress import steps as steps_of
from ...interpret.tracing.batched_graph import LayerProgram
from ...interpret.tracing.inputs import declared_inputs
from ...interpret.tracing.layer_choice import default_layers
from ...interpret.tracing.traced_model import Taps, TracedModel
from ...models.datasets.dataset import Dataset
from ...models.evaluation.segmentation import PixelTally, SegmentationEvaluation, answered, pixel_classes, true_classes
from ...models.forward_pass import answers
from ..evidence.trust import TrustEvidence
from ..evidence.twin import DrawnOnly
from .trust import Regions, TrustAsked, region_trust

WORST = 24
EXAMPLES = 4  # images of each class
_MOST_CLASSES = 12  # with maps: those that are named most


@dataclass(frozen=True)
class Reading:
    """How answers and masks were read, for people and programs."""

    head: str  # 'softmax', 'sigmoid' or 'linear'
    ignored: int | None  # the value of the masks that stands for no class
    masks: str = "arrays"  # where they are from
    notes: tuple[str, ...] = ()  # what was recognised or assumed of the masks, a sentence each


@dataclass(frozen=True, eq=False)
class ClassMaps:
    """What speaks for a class in the images where most pixels are named so."""

    label: int
    numbers: np.ndarray  # int64[n], of the images
    pixels: np.ndarray  # int64[n], named so
    region: DrawnOnly[np.ndarray]  # bool[n,H,W], where the model names it
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
    trust: TrustEvidence | None  # of maps of a class over its region; None where it was not measured


@dataclass(frozen=True, eq=False)
class PixelSeen:
    """A model of pixels as its report sees it."""

    model: Any
    dataset: Dataset
    masks: Any  # int[B,H,W] or what reads as such
    head: str
    ignore: int | None
    batch_size: int
    check: Callable[[SegmentationEvaluation], None] = lambda _: None  # refuses figures before the maps are made

    def named(self, numbers: np.ndarray) -> np.ndarray:
        """The class named at each pixel of some images, int64[n,H,W]."""
        images = np.asarray(self.dataset.images[numbers])
        found = [
            pixel_classes(np.asarray(answer), self.head)[0] for answer in answers(self.model, images, self.batch_size)
        ]
        return np.concatenate(found)

    def scored(self, score: Callable[[Any], Any], channels: int) -> Any:
        """A model that answers a score of the classes at its pixels; of one channel as of two classes."""
        if channels == 1:
            seen = shows_logits(self.model) or self.head == "linear"
            score = of_one_channel(score, 0.0 if seen else 0.5)
        return scored(self.model, score, unit="logit")


def gather_segmentation(
    seen: PixelSeen,
    class_names: Sequence[str] | None = None,
    *,
    layer: str | None = None,
    trust: TrustAsked | None = None,
    step: Progress = False,
) -> SegmentationEvidence:
    """Look at a model of pixels; arguments as for `write_segmentation_report`."""
    tally, parts, channels = PixelTally(class_names, ignore=seen.ignore), [], 0
    images = seen.dataset.images
    for rows, answer in answered(seen.model, images, seen.masks, seen.batch_size):
        own, classes = pixel_classes(answer, seen.head)
        tally.add(own, classes, seen.masks[rows])
        parts.append(np.stack([(own == k).sum(axis=(1, 2)) for k in range(classes)], axis=1))
        channels = int(answer.shape[-1])
        if callable(step):
            step("looking at every pixel", rows.stop, len(images))
    counts, found = np.concatenate(parts), tally.result()  # int[B,K]
    seen.check(found)
    worst, at = found.worst(WORST), layer if layer is not None else coarsest_layer(seen.model)
    shown = seen.named(worst) if len(worst) else np.zeros((0, 1, 1), np.int64)
    truth = true_classes(seen.masks[worst], counts.shape[1], shown.shape, seen.ignore) if len(worst) else shown
    maps = () if at is None else _class_maps(seen, channels, counts, at, named(step, "looking at classes"))
    regions = Regions(seen.dataset, counts, seen.named, lambda score: seen.scored(score, channels))
    tested = None if trust is None else region_trust(regions, at, trust, step)
    return SegmentationEvidence(found, worst, truth, shown, maps, at, tested)


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
    seen: PixelSeen, channels: int, counts: np.ndarray, layer: str, step: Progress
) -> tuple[ClassMaps, ...]:
    order = np.argsort(-counts.sum(axis=0), kind="stable")
    shown = [int(k) for k in order[:_MOST_CLASSES] if counts[:, k].any()]
    made = []
    for part in steps_of(len(shown), 1, step):
        label = shown[part.start]
        numbers = np.argsort(-counts[:, label], kind="stable")[:EXAMPLES]
        numbers = numbers[counts[numbers, label] > 0]
        score, pixels = seen.scored(over_region(label), channels), np.asarray(seen.dataset.images[numbers])
        region = seen.named(numbers) == label
        maps = GradCAM(score, layer)(pixels), Saliency(score)(pixels)
        made.append(ClassMaps(label, numbers, counts[numbers, label], region, *maps))
    return tuple(made)
