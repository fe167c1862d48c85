"""At which layer one method's maps are the most faithful, on a sample that a small budget buys."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ....interpret.methods.class_activation import (
    Formula,
    grad_cam,
    grad_cam_plus_plus,
    hi_res_cam,
    layer_cam,
)
from ....interpret.pixel_removal.layer_sweep import LayerSweep, layer_sweep
from ....interpret.stream.image_choice import sample_numbers
from ..seen import Seen

_FORMULAS: dict[str, Formula] = {
    "HiResCAM": hi_res_cam,
    "LayerCAM": layer_cam,
    "Grad-CAM++": grad_cam_plus_plus,
    "Grad-CAM": grad_cam,
}
_MOST_LAYERS = 6
_STEPS = 6
_VALUES = 80_000_000  # pixels times channels that the sweep runs through, in all
_MOST_IMAGES, _FEWEST = 100, 16


@dataclass(frozen=True, eq=False)
class WhichLayer:
    """The sweep of one method that passed its tests."""

    method: str
    sweep: LayerSweep


def gather_which_layer(seen: Seen) -> WhichLayer | None:
    """Sweep the first method that passed; None where none did, or where there is one layer, or no budget for 16 images."""
    passed = [name for name in _FORMULAS if name in seen.verdicts and seen.verdicts[name].level == "good"]
    layers = swept_layers(seen)
    if not passed or len(layers) < 2 or not seen.has_class_maps:
        return None
    runs = 2 + 2 * (_STEPS - 1) * (len(layers) + 2)
    bought = _VALUES // (runs * int(np.prod(seen.dataset.images.shape[1:])))
    count = min(_MOST_IMAGES, bought, len(seen.dataset))
    if count < _FEWEST:
        return None
    images = seen.dataset.images[sample_numbers(len(seen.dataset), count, seen.plan.seed)]
    progress = seen.progress("testing the maps: each layer")
    swept = layer_sweep(
        seen.model,
        images,
        layers,
        formula=_FORMULAS[passed[0]],
        steps=_STEPS,
        seed=seen.plan.seed,
        progress=progress,
    )
    return WhichLayer(passed[0], swept)


def swept_layers(seen: Seen) -> list[str]:
    """The convolutions up to that of the maps, which comes last; of many, six at equal steps."""
    last = seen.information.cam_layer
    found: list[str] = []
    for layer in seen.information.layers:
        if layer.name == last:
            found.append(layer.name)
            break
        if "Conv2D" in layer.kind and len(layer.output_shape) == 3:
            found.append(layer.name)
    if last is None or not found or found[-1] != last:
        return []
    if len(found) > _MOST_LAYERS:
        found = [found[round(turn * (len(found) - 1) / (_MOST_LAYERS - 1))] for turn in range(_MOST_LAYERS)]
    return found
