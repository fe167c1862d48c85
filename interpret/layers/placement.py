"""Do a layer's places cover the picture, as every drawing of a map over it takes them to?

A map of n places is laid over a picture of N pixels as if place i had its middle at (i + 1/2) N / n. Where convolutions without
padding or a crop inside of the model come first, the places lie closer together: the receptive field tells where.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..graph.ways import follows_from, leads_to
from ..tracing.axes import Axes, axis_of_image
from ..tracing.layer_hooks import TappedLayer
from .receptive_field import Axis, PlacesField, ReceptiveField

_MOVING = {  # operations that bring what is at one place to another
    "ReverseV2": "mirrors the picture",
    "Roll": "rolls the picture",
    "ImageProjectiveTransformV3": "turns or warps the picture",
    "CropAndResize": "cuts parts out of the picture",
    **dict.fromkeys(
        ("FFT2D", "IFFT2D", "RFFT2D", "IRFFT2D", "FFT3D", "FFT", "RFFT"), "takes the picture apart into waves"
    ),
}
_LARGEST_SHARE = 0.1  # of a side, that a place may be drawn beside where it lies


def largest_shift(axis: Axis, places: int, pixels: int) -> float:
    """How many pixels a place is drawn beside where it lies, at most: at one of the ends.

    Example:
        >>> largest_shift(Axis(size=9, stride=1, centre=4), places=8, pixels=16)    # four 3x3 convolutions, no padding
        3.5
    """
    step = pixels / places
    drawn = step / 2 - 0.5
    return max(abs(axis.centre - drawn), abs(axis.centre - drawn + (places - 1) * (axis.stride - step)))


def misplaced(
    name: str,
    field: ReceptiveField | PlacesField | None,
    places: tuple[int | None, ...],
    pixels: tuple[int | None, ...],
) -> str | None:
    """What a reader of the maps of a layer has to know where they are drawn elsewhere than they lie, a sentence; else None.

    Args:
        name: Of the layer.
        field: What one of its units sees.
        places: How many it has along each axis.
        pixels: Of the picture, likewise.
    """
    if field is None or field.whole or not len(field.axes) == len(places) == len(pixels):
        return None
    worst, said = 0.0, []
    for axis, n, size in zip(field.axes, places, pixels, strict=True):
        if n is None or size is None:
            return None
        shift = largest_shift(axis, n, size)
        if shift > axis.stride and shift > _LARGEST_SHARE * size:
            worst = max(worst, shift)
        first = axis.centre - (axis.stride - 1) / 2
        said.append(f"{first:g} to {first + n * axis.stride - 1:g} of 0 to {size - 1}")
    if not worst:
        return None
    return (
        f"The places of {name} lie at pixels {' and '.join(said)}, as convolutions without padding or a crop come before it: "
        f"laid over the whole picture its maps are drawn up to {worst:.3g} pixels beside where they lie. Maps at the input, such "
        f"as saliency, are drawn where they lie."
    )


def moved(name: str, layers: Sequence[TappedLayer], image: Any, axes: Axes) -> str | None:
    """What a reader of the maps of a layer has to know where the model moves the picture's places before any convolution.

    Args:
        name: Of the layer.
        layers: The calls of all layers, in order of execution.
        image: tf.Tensor, the model's image.
        axes: Of the image.
    """
    own = next((each for each in layers if each.name == name), None)
    if own is None or len(axes.places) != 2:
        return None
    before = follows_from(image) & leads_to([own.tensor])
    convolved = [op for op in before if op.type in ("Conv2D", "DepthwiseConv2dNative")]
    early = before - {later for op in convolved for later in follows_from(op.outputs[0])}
    done = sorted({said for op in early if (said := _what_it_moves(op, axes)) is not None})
    places = own.axes.places if own.axes is not None and own.axes.rank == axes.rank else ()
    if len(places) == 2 and not np.all(np.diff([axis_of_image(own.tensor, image, axis) for axis in places]) > 0):
        done.append("exchanges rows and columns")
    if not done:
        return None
    return (
        f"The model {' and '.join(done)} before its first convolution, so the places of {name} are not those of the "
        f"picture, over which its maps are drawn. Maps at the input, such as saliency, are drawn where they lie."
    )


def _what_it_moves(op: Any, axes: Axes) -> str | None:
    import tensorflow as tf

    if op.type == "StridedSlice":
        return _MOVING["ReverseV2"] if _backward(op) & set(axes.places) else None
    if op.type in ("ReverseV2", "Roll"):
        along: Any = tf.get_static_value(op.inputs[1 if op.type == "ReverseV2" else 2])
        if along is None or op.outputs[0].shape.rank != axes.rank:
            return None
        return _MOVING[op.type] if {int(axis) % axes.rank for axis in along.ravel()} & set(axes.places) else None
    return _MOVING.get(op.type)


def _backward(op: Any) -> set[int]:
    """The axes along which a slice such as [..., ::-1] runs backward; behind its dots they are counted from the end."""
    import tensorflow as tf

    steps: Any = tf.get_static_value(op.inputs[3])
    if steps is None or op.get_attr("new_axis_mask"):
        return set()
    dots, rank = op.get_attr("ellipsis_mask").bit_length() - 1, op.inputs[0].shape.rank
    places = [place if dots < 0 or place < dots else rank - len(steps) + place for place in range(len(steps))]
    return {axis for axis, step in zip(places, steps, strict=True) if step < 0}
