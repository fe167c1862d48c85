"""Which axes of an array are places, and which is the channel? Decided once, from the model's own layers.

A picture is [B,H,W,C], or [B,C,H,W] where the layers say `channels_first`. A grey picture may come without a channel
[B,H,W], a volume is [B,D,H,W,C], a film [B,T,H,W,C], a sequence [B,T,C], a waveform [B,T]. The first layer that has
places and that the image reaches tells which: a convolution for two axes of places that takes the image as it is wants a
channel; one that takes it with an axis more was given a picture without. Where no layer tells: from four axes on, or
where it has size 1, the last axis is the channel; else every axis is one of places.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..graph.ways import follows_from
from .layer_hooks import TappedLayer

_FIRST = "channels_first"
_LETTERS = {1: ("B", "T"), 2: ("B", "H", "W"), 3: ("B", "D", "H", "W")}
_BY_DIMENSIONS = re.compile(r"(Conv|Pooling|UpSampling|ZeroPadding|Cropping|SpatialDropout|ConvLSTM)\w*?(\d)D")
_SEQUENCES = ("RNN", "LSTM", "GRU", "Bidirectional", "MultiHeadAttention", "GroupedQueryAttention")


@dataclass(frozen=True)
class Axes:
    """The axes of an array [B, ...]."""

    rank: int  # with the batch axis
    channel: int | None  # which axis is the channel; None: every axis but the first is one of places

    @property
    def places(self) -> tuple[int, ...]:
        """The axes that are places."""
        return tuple(axis for axis in range(1, self.rank) if axis != self.channel)

    @property
    def is_picture(self) -> bool:
        """Whether the array is [B,H,W,C]."""
        return self.rank == 4 and self.channel == 3

    @property
    def words(self) -> str:
        """Such as '(B, H, W, C)'."""
        letters = list(_LETTERS.get(len(self.places), ("B", *(f"P{k}" for k in range(1, len(self.places) + 1)))))
        if self.channel is not None:
            letters.insert(self.channel, "C")
        return f"({', '.join(letters)})"

    @property
    def has_channel_last(self) -> bool:
        """Whether the array is [B, places..., C], or has no channel."""
        return self.channel in (None, self.rank - 1)

    def sizes(self, array: Any) -> tuple[int, ...]:
        """How many places an array of these axes has along each."""
        return tuple(array.shape[axis] for axis in self.places)

    def with_channel(self, places: Any) -> Any:
        """Values [N, places...] that fit an array of these axes, whose channel is last: with an axis for it, if there is one."""
        return places if self.channel is None else places[..., None]

    def over_channel(self, values: Any, how: Callable[..., Any]) -> Any:
        """`how(values, axis=)` over the channel: what is left is [B, places...]; as it is where there is no channel."""
        return values if self.channel is None else how(values, axis=self.channel)

    def channel_last(self, tensor: Any) -> Any:
        """The tensor with its channel last, [B, places..., C]; inside of a graph."""
        import tensorflow as tf

        if self.channel is None:
            return tensor[..., tf.newaxis]
        if self.channel == self.rank - 1:
            return tensor
        return tf.transpose(tensor, [0, *self.places, self.channel])


@dataclass(frozen=True)
class TokenAxes(Axes):
    """The axes of tokens [B,T,C] that were cut from a picture: a row of places after another, beside tokens of no place."""

    grid: tuple[int, int] = (1, 1)  # rows and columns of places
    first: int = 0  # token of the first place: 1 behind a class token

    def channel_last(self, tensor: Any) -> Any:
        """The tokens back on their grid, [B,h,w,C], those of no place left out; inside of a graph."""
        import tensorflow as tf

        height, width = self.grid
        placed = tensor[:, self.first : self.first + height * width]
        return tf.reshape(placed, [tf.shape(tensor)[0], height, width, tensor.shape[-1]])


def image_axes(image: Any, layers: Sequence[TappedLayer]) -> Axes:
    """The axes of a model's image.

    Args:
        image: tf.Tensor, as the model was given it.
        layers: The calls of all layers, in order of execution.
    """
    reached = follows_from(image)
    before = image
    for layer in layers:
        if layer.tensor.op in reached:
            told = _told_by(layer, image, before)
            if told is not None:
                return told
            before = layer.tensor if layer.tensor.shape.rank == image.shape.rank else before
    return _undecided(image)


def with_axes(layers: Sequence[TappedLayer]) -> tuple[TappedLayer, ...]:
    """The calls with the axes of what they put out: by the layer's own `data_format`, or by that of layers it reads."""
    formats = {layer.tensor.name: found for layer in layers if (found := _data_format(layer.layer)) is not None}
    first = _FIRST in formats.values()
    return tuple(replace(layer, axes=_axes_of(layer, formats if first else {})) for layer in layers)


def _axes_of(layer: TappedLayer, formats: dict[str, str]) -> Axes | None:
    rank = layer.tensor.shape.rank
    if not rank:
        return None
    first = rank > 2 and formats and _is_channels_first(layer.tensor, formats)
    return Axes(rank, _first_axis(layer, rank) if first else rank - 1)


def _first_axis(layer: TappedLayer, rank: int) -> int:
    """Where the channel stands with `channels_first`: after the batch, or after the time where there is one."""
    dimensions = _dimensions(layer.layer)
    return rank - 1 - dimensions if dimensions else 1


def _is_channels_first(tensor: Any, formats: dict[str, str]) -> bool:
    """Of the nearest tensors behind it whose format is known."""
    seen: set[str] = set()
    ahead = [(tensor, False)]
    while ahead:
        tensor, turned = ahead.pop(0)
        if tensor.name in formats:
            return (formats[tensor.name] == _FIRST) != turned
        if tensor.name not in seen:
            seen.add(tensor.name)
            ahead.extend((given, turned != _turns(tensor.op)) for given in tensor.op.inputs)
    return False


def _turns(op: Any) -> bool:
    """Whether the operation moves the channel from the first place to the last, or back."""
    if op.type != "Transpose":
        return False
    import tensorflow as tf

    order = tf.get_static_value(op.inputs[1])
    if order is None or len(order) < 4:
        return False
    axes = list(range(len(order)))
    return list(order) in ([0, *axes[2:], 1], [0, axes[-1], *axes[1:-1]])


def _told_by(layer: TappedLayer, image: Any, before: Any) -> Axes | None:
    """What the layer tells about the image, or what was made of it `before`; None where it takes arrays of any form."""
    rank, kind = image.shape.rank, layer.layer
    names = [ancestor.__name__ for ancestor in type(kind).__mro__]
    dimensions = _dimensions(kind)
    if dimensions:
        wanted = dimensions + 2 + any("ConvLSTM" in name for name in names)
        if rank in (wanted, wanted + 1):  # one more: each frame of a film
            own = rank - 1 - dimensions if _data_format(kind) == _FIRST else rank - 1
            return Axes(rank, axis_of_image(layer.tensor, image, own))
        return Axes(rank, None) if rank == wanted - 1 else _undecided(image)
    if rank == 3 and any(name in _SEQUENCES for name in names):
        return Axes(rank, axis_of_image(before, image, 2))
    if rank > 2 and layer.tensor.shape.rank == rank and ("Dense" in names or "EinsumDense" in names):
        return Axes(rank, rank - 1)
    if "Flatten" in names and _data_format(kind) == _FIRST and rank > 3:
        return Axes(rank, 1)
    return None


def axis_of_image(tensor: Any, image: Any, axis: int) -> int:
    """Which axis of the image an axis of a tensor is, where the model exchanges axes on the way; the same where it does not."""
    import tensorflow as tf

    reached, found = follows_from(image), axis
    while tensor is not image:
        if tensor.op.type == "Transpose":
            order = tf.get_static_value(tensor.op.inputs[1])
            if order is None:
                return axis
            found = int(order[found])
        given = [each for each in tensor.op.inputs if each.op in reached and each.shape.rank == image.shape.rank]
        if not given:
            return axis
        tensor = given[0]
    return found


def _undecided(image: Any) -> Axes:
    rank = image.shape.rank
    return Axes(rank, rank - 1 if rank > 3 or (rank == 3 and image.shape[-1] == 1) else None)


def _dimensions(layer: Any) -> int | None:
    """How many axes of places a layer works on, as its class says: 2 for a Conv2D."""
    for ancestor in type(layer).__mro__:
        found = _BY_DIMENSIONS.search(ancestor.__name__)
        if found:
            return int(found.group(2))
    return None


def _data_format(layer: Any) -> str | None:
    found = getattr(layer, "data_format", None)
    return found if found in (_FIRST, "channels_last") else None
