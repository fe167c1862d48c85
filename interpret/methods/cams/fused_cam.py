"""Several layers in one map: a deep layer says which object, an early one where exactly.

Each layer's map is cut off below 0, divided by its own largest value, enlarged linearly to the size of the largest of them,
and then

    'mean'     the mean over layers: high where most layers agree
    'largest'  the largest over layers: high where any of them is
    'product'  the geometric mean over layers: 0 where any of them is 0

The largest over layers is how Jiang et al. fuse LayerCAM's maps (2021, doi:10.1109/TIP.2021.3089943, section III), there with
tanh(2 * map / largest) in the place of the quotient. Values are shares of each layer's own largest value and no longer units of
the score: layers differ in size by orders of magnitude, and the sum of raw maps would be that of one layer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ...given import Layers, takes_given
from ...maps.resampling import enlarged
from ...progress import Progress
from ...tracing.inputs import Arrays
from ...tracing.targets import Classes
from ..attribution import Explaining
from ..class_activation import Formula, MultiLayerCAM, layer_cam

_HOW: dict[str, Callable[[np.ndarray], np.ndarray]] = {  # float32[L,B,H,W] in 0..1 -> [B,H,W]
    "mean": lambda maps: maps.mean(axis=0),
    "largest": lambda maps: maps.max(axis=0),
    "product": lambda maps: np.prod(maps.astype(np.float64) ** (1 / len(maps)), axis=0).astype(np.float32),
}


class FusedCAM(Explaining):
    """One class activation map out of several layers; how it was fused is its `remark`.

    Args:
        model: A Keras model.
        layers: Layers with a map of places, by name, index or themselves; None for all convolutions.
        formula: `layer_cam`, which keeps an early layer's detail, or another one of `class_activation`.
        how: 'mean', 'largest' or 'product'.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Calling it gives float32[B,H,W] at the resolution of the largest of the layers, 0..1.

    Raises:
        ValueError: A layer is unknown or has no map of places, or `how` is none of the three.

    Example:
        Maps (2, 0) and (1, 4) of two layers become (1, 0) and (0.25, 1): their mean is (0.625, 0.5).

        >>> FusedCAM(model, ["conv1", "conv2"], how="largest")(data).shape
        (20, 28, 28)
    """

    @takes_given
    def __init__(
        self,
        model: Any,
        layers: Layers | None = None,
        formula: Formula = layer_cam,
        how: str = "mean",
        *,
        output: str | None = None,
        wrt: str | None = None,
    ) -> None:
        if how not in _HOW:
            raise ValueError(f"Expected how='mean', 'largest' or 'product'. Received {how!r}. Choose one of the three.")
        self.how, self._layers = how, layers
        self._each = MultiLayerCAM(model, layers, formula, output=output, wrt=wrt)
        self._program = self._each._program

    @property
    def remark(self) -> str:
        """What a reader of the map has to know of it; names the layers where they were named."""
        of = ", ".join(self._layers) if self._layers else "all convolutions"
        return f"{self.how} over {of}, each divided by its largest value"

    def _called(
        self, images: Arrays, classes: Classes, versus: Classes, batch_size: int, progress: Progress
    ) -> np.ndarray:
        found = self._each(images, classes, versus, batch_size, progress)
        return fused(list(found.values()), self.how)


def fused(maps: list[np.ndarray], how: str) -> np.ndarray:
    """Maps [B,h,w] of several layers as one, float32[B,H,W] in 0..1 at the size of the largest of them.

    A layer whose map is 0 everywhere on an image says nothing there and counts as 0.
    """
    if any(each.ndim != 3 for each in maps):
        raise ValueError(
            f"Expected maps with two axes of places to lay over each other. Received {[each.shape[1:] for each in maps]}. "
            f"Choose layers of pictures, or use MultiLayerCAM."
        )
    size = max(each.shape[1] for each in maps), max(each.shape[2] for each in maps)
    return _HOW[how](np.stack([enlarged(_shares(each), size) for each in maps]))


def _shares(maps: np.ndarray) -> np.ndarray:
    """Each map float32[B,h,w], without what is below 0, divided by its largest value; 0 where there is nothing."""
    positive = np.maximum(maps, 0)
    largest = positive.max(axis=(1, 2), keepdims=True)
    return np.divide(positive, largest, out=np.zeros_like(positive), where=largest > 0)
