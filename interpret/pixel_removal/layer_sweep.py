"""At which layer is a class activation map the most faithful? The same method at several layers, on the same images.

Each layer's gain (see `faithfulness`: insertion area less deletion area of its order of the pixels) is held against that of
the layer that maps are taken at. Of many layers some is ahead by chance: the interval of each advantage is as wide as so
many comparisons ask for (Bonferroni), and a layer is better only where it lies above 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..intervals import Interval, bootstrap_mean
from ..methods.class_activation import Formula, MultiLayerCAM, hi_res_cam
from ..progress import Progress
from ..tracing.inputs import Arrays
from ..tracing.variants import rows_at_once
from .faithfulness import faithfulness

_BASELINES = ("mean",)


@dataclass(frozen=True, eq=False)
class LayerSweep:
    """One method at several layers."""

    layers: tuple[str, ...]  # from the image to the answer; the last one is what the others are held against
    gain: np.ndarray  # float64[L], mean over images, share of probability; large for a faithful map
    advantage: tuple[Interval, ...]  # [L], gain less that of the last layer, over images; that of the last is 0
    images: int

    @property
    def better(self) -> str | None:
        """The layer of the largest advantage that lies above 0 for sure; None where none does."""
        sure = [place for place, each in enumerate(self.advantage[:-1]) if each.low > 0]
        return self.layers[max(sure, key=lambda place: self.advantage[place].mean)] if sure else None


def layer_sweep(
    model: Any,
    images: Arrays,
    layers: Sequence[str],
    *,
    formula: Formula = hi_res_cam,
    steps: int = 6,
    seed: int = 0,
    output: str | None = None,
    wrt: str | None = None,
    progress: Progress = False,
) -> LayerSweep:
    """Measure one method at several layers.

    Args:
        model: A Keras model with probabilities.
        images: float32[B,H,W,C] of the model's input shape and range; all are measured.
        layers: Two or more with a map of places, the one to hold the others against last.
        formula: The method, such as `hi_res_cam` of `methods.class_activation`.
        steps: Points of a curve beside its start.
        seed: Of the bootstrap and of the random order.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.
        progress: True for a bar, or a function called with (done, total), counted in batches.

    The model runs 2 + 2 (steps - 1) (layers + 2) times per image.
    """
    if len(layers) < 2:
        raise ValueError(
            f"Expected two layers or more to compare. Received {len(layers)}. Name them, the last one last."
        )
    batch_size = rows_at_once(images)
    maps = MultiLayerCAM(model, layers, formula, output=output, wrt=wrt)(images, batch_size=batch_size)
    found = faithfulness(
        model,
        images,
        {name: maps[name] for name in layers},
        baselines=_BASELINES,
        steps=steps,
        sample=None,
        seed=seed,
        output=output,
        wrt=wrt,
        batch_size=batch_size,
        progress=progress,
    )
    gains = np.stack([found[name].curves.gain for name in layers]).astype(np.float64)
    level = 1 - 0.05 / (len(layers) - 1)
    advantage = tuple(bootstrap_mean(gain - gains[-1], level=level, seed=seed) for gain in gains)
    return LayerSweep(tuple(layers), gains.mean(axis=1), advantage, gains.shape[1])
