"""The maps of one model in a comparison, and how far they can be trusted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ...interpret import GradCAMState, Saliency
from ...interpret.maps.state import MapState, map_states
from ...interpret.stream.predictions import decisions
from ...interpret.trust.record import Trust
from ...interpret.trust.verdicts import Verdict
from ...models.datasets.dataset import Dataset
from ..evidence.trust import GRAD_CAM, SALIENCY, sampled_trust
from ..evidence.twin import DrawnOnly

COMPARED_MAPS = (GRAD_CAM, SALIENCY)  # the methods whose maps are drawn, and tested


@dataclass(frozen=True, eq=False)
class ComparedMaps:
    """What speaks for the true class of S images, to one model."""

    cam_layer: str | None  # that Grad-CAM is taken at; None where the model shows no layer with a map of places
    grad_cam: DrawnOnly[np.ndarray | None]  # float32[S,h,w], score units; None without such a layer
    cam_states: DrawnOnly[tuple[MapState, ...]]  # S, of `grad_cam`, before the cut; empty without it
    saliency: DrawnOnly[np.ndarray]  # float32[S,H,W], score units for a step from black to white
    trust: Trust | None  # in `COMPARED_MAPS` on this model; None where it was not measured

    @property
    def verdicts(self) -> dict[str, Verdict]:
        """How far each method can be trusted on this model; empty where it was not measured."""
        return {} if self.trust is None else self.trust.verdicts


def compared_maps(model: Any, dataset: Dataset, shown: np.ndarray, *, tested: int, seed: int) -> ComparedMaps:
    """The maps of the images `shown` (int64[S]), and the trust in the model's maps on `tested` images; 0 for none."""
    images, labels = dataset.images[shown], dataset.labels[shown]
    cam_layer = decisions(model, images[:1]).cam_layer
    if cam_layer is None:
        cams, states, slopes = None, (), Saliency(model)(images, labels)
    else:
        found = GradCAMState(model, cam_layer)(images, labels)
        cams, slopes = np.maximum(found["signed"], 0), found["saliency"]
        states = map_states(cams, before_cut=found["signed"])
    low, high = dataset.value_range
    methods = COMPARED_MAPS if cams is not None else (SALIENCY,)
    return ComparedMaps(
        cam_layer=cam_layer,
        grad_cam=cams,
        cam_states=tuple(states),
        saliency=slopes * np.float32(high - low),
        trust=sampled_trust(model, dataset, cam_layer, methods, images=tested, seed=seed) if tested else None,
    )
