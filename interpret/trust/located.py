"""Where masks tell where the object is: how the maps of several methods lie on it, summed up over images."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np

from ..intervals import bootstrap_mean
from ..methods.attribution import Method
from ..progress import Progress
from ..progress import steps as steps_of
from ..stream.joint_maps import maps_of
from ..tracing.variants import rows_at_once
from .localization import Localization, localization
from .record import Location

_MEASURES = ("pointing", "mass", "rank", "share")


def located(
    methods: Mapping[str, Method],
    images: np.ndarray,
    classes: np.ndarray,
    masks: np.ndarray,
    *,
    without_zero: Collection[str] = (),
    seed: int = 0,
    progress: Progress = False,
) -> dict[str, Location]:
    """How the maps of each method lie on the objects, by name.

    Args:
        methods: {name: method}.
        images: float32[B,H,W,C].
        classes: int[B], the class explained of each image.
        masks: bool[B,H,W], where the object of that class is.
        without_zero: Names of methods whose maps have no value that means "no evidence": no share of them is taken.
        seed: Of the intervals.
        progress: True for a bar, or a function called with (what, done, total), counted in images.
    """
    found: dict[str, list[Localization]] = {name: [] for name in methods}
    for rows in steps_of(len(images), rows_at_once(images), progress):
        for name, maps in maps_of(methods, images[rows], classes[rows]).items():
            found[name].append(localization(maps, masks[rows]))
    return {name: _summed(parts, name not in without_zero, seed) for name, parts in found.items()}


def _summed(parts: list[Localization], has_zero: bool, seed: int) -> Location:
    pointing, mass, rank, share = (np.concatenate([getattr(part, name) for part in parts]) for name in _MEASURES)
    asked = (share > 0) & (share < 1)
    return Location(
        images=int(asked.sum()),
        share=float(share[asked].mean()) if asked.any() else float("nan"),
        pointing=bootstrap_mean(pointing, seed=seed),
        mass=bootstrap_mean(mass, seed=seed) if has_zero else None,
        rank=bootstrap_mean(rank, seed=seed),
    )


def checked_masks(masks: np.ndarray, images: np.ndarray) -> np.ndarray:
    """The masks, one for each image.

    Raises:
        ValueError: There are more or fewer.
    """
    given = np.asarray(masks)
    if given.ndim != 3 or len(given) != len(images):
        raise ValueError(
            f"Expected masks bool[B,H,W] for the {len(images)} images. Received shape {given.shape}. Give one mask for each "
            f"image, in their order; of boxes, box_masks(boxes, size) makes them."
        )
    return given
