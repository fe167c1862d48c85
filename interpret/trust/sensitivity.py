"""How much a map changes when its image changes by a noise that nobody would see.

Max-sensitivity: Yeh, Hsieh, Suggala, Inouye, Ravikumar, "On the (In)fidelity and Sensitivity of Explanations", NeurIPS
2019, arXiv:1901.09392, definition 2. With E the map of image x for a class that is held fixed, and e_n drawn evenly from
-r..r per pixel:

    sensitivity = max over n of || E(x + e_n) - E(x) || / || E(x) ||

Average sensitivity (Bhatt, Weller, Moura, "Evaluating and Aggregating Feature-based Model Explanations", IJCAI 2020,
arXiv:2005.00631, definition 3) is the mean over n in the place of the largest: how far a map changes as a rule.

Departures: divided by the map's own size, so that methods in different units can be compared (the authors' code does
so too); r is a part of the image's range (max - min).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ... import Record
from ..arguments import at_least
from ..given import takes_given
from ..intervals import Interval, bootstrap_mean
from ..methods.attribution import Method
from ..progress import Progress
from ..progress import steps as steps_of
from ..stream.image_choice import sample_numbers
from ..stream.joint_maps import maps_of
from ..tracing.inputs import Arrays, as_dtype
from ..tracing.targets import Classes


@dataclass(frozen=True, eq=False)
class Sensitivity(Record):
    """How unsteady a method's maps are."""

    numbers: np.ndarray  # int64[B], which images were measured
    total: int  # of how many
    radius: float  # of the noise, a part of each image's range
    samples: int  # noisy copies of each image
    largest: np.ndarray  # float32[B], change over size of the map; 0: none; NaN where the map is zero
    mean: Interval  # of `largest`, over the images whose map is not zero
    average: np.ndarray  # float32[B], the mean change over size of the map; at most `largest`
    mean_average: Interval  # of `average`, likewise


@takes_given
def max_sensitivity(
    method: Method,
    images: Arrays,
    classes: Classes,
    *,
    radius: float = 0.02,
    samples: int = 10,
    sample: int | None = 500,
    seed: int = 0,
    progress: Progress = False,
) -> Sensitivity:
    """The largest change of each map among noisy copies of its image.

    Args:
        method: Makes maps [B,h,w] of images and classes, such as `GradCAM(model)`.
        images: float32[B,H,W,C] of the model's input shape and range; whole numbers such as uint8 get a noise of whole ones.
        classes: The class of each image, int[B] or one for all; it must be named, since the class that the model
            predicts may change with the noise.
        radius: Of the noise, a part of each image's range; more than 0.
        samples: Noisy copies of each image, at least 1.
        sample: Images drawn (with `seed`) where there are more; None for all.
        seed: Of the sample and the noise.
        progress: True for a bar, or a function called with (what, done, total), counted in runs of the method.

    Example:
        A map that does not depend on the image, such as the saliency of a linear model, has sensitivity 0.
    """
    return max_sensitivities(
        {"": method}, images, classes, radius=radius, samples=samples, sample=sample, seed=seed, progress=progress
    )[""]


def max_sensitivities(
    methods: Mapping[str, Method],
    images: np.ndarray,
    classes: Classes,
    *,
    radius: float = 0.02,
    samples: int = 10,
    sample: int | None = 500,
    seed: int = 0,
    progress: Progress = False,
) -> dict[str, Sensitivity]:
    """`max_sensitivity` of several methods on the same noisy copies, by name; progress is counted in copies."""
    if not 0 < radius < float("inf"):
        raise ValueError(
            f"Expected a radius of more than 0, a part of the image's range. Received {radius!r}. Give 0.02, say."
        )
    form = np.asarray(classes).shape
    if form not in ((), (len(images),)):
        raise ValueError(
            f"Expected a class, or one for each of the {len(images)} images. Received shape {list(form)}. Give int, "
            f"or int[{len(images)}]."
        )
    total, every = len(images), np.broadcast_to(np.asarray(classes), (len(images),))
    numbers = sample_numbers(total, sample, seed)
    shown, named = images[numbers], every[numbers]
    maps = maps_of(methods, shown, named)
    largest = {name: np.zeros(len(shown), dtype=np.float32) for name in methods}
    total_change = {name: np.zeros(len(shown), dtype=np.float32) for name in methods}
    for step in steps_of(at_least("samples", samples, 1), 1, progress):
        for name, noisy in maps_of(methods, _noisy(shown, numbers, radius, (seed, step.start)), named).items():
            change = _sizes(noisy - maps[name])
            largest[name] = np.maximum(largest[name], change)
            total_change[name] += change / samples
    found = {}
    for name, change in largest.items():
        size = _sizes(maps[name])
        share, usual = (
            np.divide(each, size, out=np.full_like(each, np.nan), where=size > 0)
            for each in (change, total_change[name])
        )
        means = bootstrap_mean(share, seed=seed), bootstrap_mean(usual, seed=seed)
        found[name] = Sensitivity(numbers, total, radius, samples, share, means[0], usual, means[1])
    return found


def _sizes(maps: np.ndarray) -> np.ndarray:
    return np.linalg.norm(maps.reshape(len(maps), -1), axis=1)


def _noisy(images: np.ndarray, numbers: np.ndarray, radius: float, seed: tuple[int, int]) -> np.ndarray:
    """Each image with noise of its own, that depends on the seed and the image's number alone."""
    noisy = np.empty(images.shape, dtype=images.dtype)
    for place, (image, number) in enumerate(zip(images, numbers, strict=True)):
        draw = np.random.default_rng((*seed, int(number)))
        noise = 2 * draw.random(image.shape, dtype=np.float32) - 1
        noisy[place] = as_dtype(image + radius * np.float32(np.ptp(image)) * noise, images.dtype)
    return noisy
