"""Take single channels away: what each is set to, and the change of the layer's output in the graph."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from ..tracing.downstream import Change
from ..tracing.layer_choice import channel_layer
from ..tracing.traced_model import Taps
from .affine_tail import closed_form

Fill = Literal["zero", "mean"]


def fill_of(found: dict[str, np.ndarray], to: Fill) -> tuple[np.ndarray, np.ndarray]:
    """What each channel is set to, float32[C], and whether that changes it on any image, bool[C].

    Args:
        found: What `range_program` gave for all images, float32[B,C] each.
        to: 'zero' or 'mean'.
    """
    low, high = found["low"].min(axis=0), found["high"].max(axis=0)
    fill = np.zeros_like(low)
    if to == "mean":
        fill = np.where(low == high, low, found["mean"].mean(axis=0, dtype=np.float64)).astype(np.float32)
    return fill, (low != fill) | (high != fill)


def range_program(layer: str | None) -> Any:
    """Lowest, highest and mean value of each channel on each image: {'low', 'high', 'mean': float32[B,C]}.

    Where the channels' effects have a closed form, what it needs too (see `affine_tail`).
    """
    import tensorflow as tf

    def compute(taps: Taps, _: Any) -> dict[str, Any]:
        output = channel_layer(taps, layer).tensor
        values = tf.cast(output, tf.float32)
        places = list(range(1, values.shape.rank - 1))
        return {
            "low": tf.reduce_min(values, axis=places),
            "high": tf.reduce_max(values, axis=places),
            "mean": tf.reduce_mean(values, axis=places),
            **closed_form(output, taps.logits),
        }

    return compute


def set_to(fill: np.ndarray) -> Change:
    """Variant v: channel v of the layer's output has the value fill[v] everywhere."""
    import tensorflow as tf

    def change(output: Any, variants: Any) -> Any:
        places = [1] * (output.shape.rank - 2)
        taken = tf.one_hot(variants, len(fill))  # all zero for `UNCHANGED`
        shape = [1, -1, *places, len(fill)]
        kept = output[:, tf.newaxis] * tf.reshape(1 - taken, shape)
        return kept + tf.reshape(taken * fill, shape) if fill.any() else kept  # another walk over all values

    return change
