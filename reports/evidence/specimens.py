"""The classes' specimens: a typical image and the class mean, with what every stage makes of them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ...interpret.maps.state import MapState, map_states
from ...interpret.stream.class_means import ClassMeansStatistic, class_means
from ...interpret.stream.image_choice import typical_images
from ...models.evaluation.metrics import Evaluation
from .mistakes import AT_LAYER
from .seen import Seen
from .twin import DrawnOnly

MOST_CLASSES = 12


@dataclass(frozen=True, eq=False)
class Specimen:
    """One class as the layers see it."""

    label: int  # the class
    number: int  # of the typical image, in the data set
    probability: float  # 0..1, of the class on the typical image
    predicted: int  # class predicted for the typical image
    images: int  # how many images the class has
    cam_state: MapState  # of `grad_cam`, its kind before the cut; with the saturation
    image: DrawnOnly[np.ndarray]  # float32[H,W,C], the typical image
    mean_image: DrawnOnly[np.ndarray]  # float32[H,W,C], mean over the class's images
    grad_cam: DrawnOnly[np.ndarray]  # float32[h,w], of the predicted class on the typical image, score units
    saliency: DrawnOnly[np.ndarray]  # float32[H,W], likewise, score units per unit of pixel value
    layer_maps: DrawnOnly[dict[str, np.ndarray]]  # {method: float32[h,w]}, likewise, score units, beside Grad-CAM
    activations: DrawnOnly[dict[str, np.ndarray]]  # {stage: float32[...]} of the typical image
    means: DrawnOnly[dict[str, np.ndarray]]  # {stage: float32[...]}, mean over the class's images


@dataclass(frozen=True, eq=False)
class FeatureMaps:
    """The specimens, and what their maps are held against."""

    cam_layer: str  # where Grad-CAM is taken
    typical_peak: float  # median over all images of the largest value of the predicted class's Grad-CAM, score units
    empty_maps: int  # images whose Grad-CAM is all zero
    empty: DrawnOnly[np.ndarray]  # int64[...], their numbers
    images: int  # in all
    left_out: int  # classes with images that have no specimen
    recall: np.ndarray  # float64[K], 0..1, of each class; NaN for one without images
    specimens: tuple[Specimen, ...]


def averaging(seen: Seen) -> list[ClassMeansStatistic]:
    """The class means as a statistic of the stream; none for many classes, whose means would fill the memory."""
    classes = len(seen.dataset.class_names)
    return [ClassMeansStatistic(seen.stages, classes)] if classes <= MOST_CLASSES else []


def gather_feature_maps(seen: Seen) -> FeatureMaps:
    """A specimen of each shown class, through every stage."""
    specimens = gather_specimens(seen)
    peaks = seen.survey.grad_cam_peak
    empty = np.flatnonzero(peaks <= 0)
    return FeatureMaps(
        cam_layer=seen.survey.cam_layer or "",
        typical_peak=seen.typical_peak,
        empty_maps=len(empty),
        empty=empty,
        images=len(peaks),
        left_out=int((seen.evaluation.support > 0).sum()) - len(specimens),
        recall=seen.evaluation.recall,
        specimens=specimens,
    )


def shown_classes(evaluation: Evaluation) -> list[int]:
    """The classes that get a gallery: all that have images; of more than 12, the 12 with the lowest recall."""
    present = np.flatnonzero(evaluation.support > 0)
    if len(present) > MOST_CLASSES:
        present = np.sort(present[np.argsort(evaluation.recall[present], kind="stable")[:MOST_CLASSES]])
    return [int(label) for label in present]


def gather_specimens(seen: Seen) -> tuple[Specimen, ...]:
    """A specimen of each shown class."""
    dataset, evaluation = seen.dataset, seen.evaluation
    classes = shown_classes(evaluation)
    typical = typical_images(seen.survey.logits, dataset.labels)
    numbers = np.array([typical[label] for label in classes])
    shown, batch_size = dataset.images[numbers], seen.batch_size
    looked, activations = seen.look.with_activations(shown, evaluation.predictions[numbers], batch_size)
    cams = np.maximum(looked["signed"], 0)
    states = map_states(cams, before_cut=looked["signed"], saturation=looked["saturation"])
    means = _means(seen, classes)
    return tuple(
        Specimen(
            label=label,
            number=int(number),
            image=dataset.shown[number],
            mean_image=seen.exploration.means[label],
            probability=float(evaluation.probabilities[number, label]),
            predicted=int(evaluation.predictions[number]),
            images=int(evaluation.support[label]),
            grad_cam=cams[place],
            cam_state=states[place],
            saliency=looked["saliency"][place],
            layer_maps={method: looked[key][place] for method, key in AT_LAYER.items()},
            activations={name: values[place] for name, values in activations.items()},
            means=means[label],
        )
        for place, (label, number) in enumerate(zip(classes, numbers, strict=True))
    )


def _means(seen: Seen, classes: list[int]) -> dict[int, dict[str, np.ndarray]]:
    """The class means, out of the stream; of many classes those shown, in a pass over their images."""
    for statistic in averaging(seen):
        return seen.result(statistic)
    dataset, telling = seen.dataset, seen.progress("averaging the classes")
    return class_means(
        seen.model, dataset.images, dataset.labels, seen.stages, classes, batch_size=seen.batch_size, progress=telling
    )
