"""A layer that runs on each frame of a film (`TimeDistributed`), run once on the frames of all films.

Keras calls it frame by frame, so that a layer inside of it would be one call for each frame, and a map of the last call one of
the last frame alone. Run once it answers the same, and what each layer inside puts out is noted as [B,T,...].
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

Lengths = list[Any]  # of the films that are run at once, the outermost first: numbers, or tensors where a size is open


def runs_on_frames(layer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> bool:
    """Whether this call of a layer is one on each frame of films without a mask, [B,T,...]."""
    if not any(kind.__name__ == "TimeDistributed" for kind in type(layer).__mro__):
        return False
    unmasked = kwargs.get("mask") is None and not args[2:]
    return unmasked and len(args) > 0 and getattr(getattr(args[0], "shape", None), "rank", None) is not None


def over_frames(layer: Any, lengths: Lengths) -> Callable[..., Any]:
    """The call of such a layer, on the frames of all films at once; while it runs, `lengths` holds those of the films."""

    def call(inputs: Any, training: Any = None, mask: Any = None) -> Any:
        del mask
        length = _size(inputs, 1)
        inner = layer.layer
        known = "training" in inspect.signature(inner.call).parameters
        lengths.append(length)
        try:
            outputs = inner.call(_joined(inputs, 2), **({"training": training} if known else {}))
        finally:
            lengths.pop()
        return _each(outputs, lambda made: _parted(made, [length]))

    return call


def parted(outputs: Any, lengths: Lengths) -> Any:
    """What a layer inside puts out, [B*T,...], as [B,T,...]; as it is where no films are run."""
    return _each(outputs, lambda made: _parted(made, lengths)) if lengths else outputs


def joined(outputs: Any, lengths: Lengths) -> Any:
    """The other way: [B,T,...] as [B*T,...]."""
    return _each(outputs, lambda made: _joined(made, 1 + len(lengths))) if lengths else outputs


def _each(outputs: Any, change: Callable[[Any], Any]) -> Any:
    import tensorflow as tf

    return tf.nest.map_structure(change, outputs)


def _parted(tensor: Any, lengths: Lengths) -> Any:
    import tensorflow as tf

    return tf.reshape(tensor, [-1, *lengths, *(_size(tensor, axis) for axis in range(1, tensor.shape.rank))])


def _joined(tensor: Any, axes: int) -> Any:
    """The first axes as one."""
    import tensorflow as tf

    return tf.reshape(tensor, [-1, *(_size(tensor, axis) for axis in range(axes, tensor.shape.rank))])


def _size(tensor: Any, axis: int) -> Any:
    import tensorflow as tf

    known = tensor.shape[axis]
    return tf.shape(tensor)[axis] if known is None else known
