"""Which layers have a map of places, and which of them Grad-CAM looks at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..graph.ways import follows_from, leads_to
from .traced_model import TappedLayer, Taps


def is_spatial(layer: TappedLayer) -> bool:
    """Whether the layer puts out [B,H,W,C] with more than one place; an open size counts as many."""
    shape = layer.tensor.shape
    return shape.rank == 4 and layer.tensor.dtype.is_floating and (shape[1] != 1 or shape[2] != 1)


def is_convolution(layer: TappedLayer) -> bool:
    """Whether the layer is a two-dimensional convolution of any kind (plain, depthwise, separable, transposed)."""
    return any("Conv2D" in ancestor.__name__ for ancestor in type(layer.layer).__mro__)


def on_the_way(taps: Taps) -> list[TappedLayer]:
    """The layers that the image reaches, and that reach the scores: those where a map can speak of both."""
    ways = follows_from(taps.image) & leads_to([taps.logits])
    return [layer for layer in taps.layers if layer.tensor.op in ways]


def spatial_layer(taps: Taps, name: str | None) -> TappedLayer:
    """The layer called `name`, or the last convolution on the way from the image to the scores.

    Where there is no convolution: the last layer with a map on this way.

    Raises:
        ValueError: The layer is unknown, or has no map of places; the message lists those that have.
    """
    with_map = [layer for layer in taps.layers if is_spatial(layer)]
    known = ", ".join(layer.name for layer in with_map) or "none"
    if name is not None:
        layer = taps.find(name)
        if not is_spatial(layer):
            raise ValueError(
                f"Expected a layer with a map of places, shape (B, H, W, C). Layer {name!r} puts out "
                f"{('B', *tuple(layer.tensor.shape)[1:])}. Choose one of those that have a map: {known}."
            )
        return layer
    reached = [layer for layer in on_the_way(taps) if is_spatial(layer)]
    convolutions = [layer for layer in reached if is_convolution(layer)]
    if not reached:
        raise ValueError(
            "Expected a layer with a map of places, shape (B, H, W, C), for Grad-CAM. This model has none "
            "that can be seen (a SavedModel hides its layers; its .keras file does not). "
            "Use a method that works at the input, such as Saliency."
        )
    return (convolutions or reached)[-1]


def default_layer(taps: Taps) -> str | None:
    """Where class activation maps look unless told; None where no layer on the way has a map of places."""
    return spatial_layer(taps, None).name if any(is_spatial(layer) for layer in on_the_way(taps)) else None


def spatial_layers(taps: Taps, names: Sequence[str] | None) -> list[TappedLayer]:
    """The layers called `names`, in this order; for None all convolutions on the way from the image to the scores.

    Raises:
        ValueError: No layer is named, or one is unknown or has no map of places.
    """
    if names is None:
        convolutions = [layer for layer in on_the_way(taps) if is_spatial(layer) and is_convolution(layer)]
        return convolutions or [spatial_layer(taps, None)]
    if not names:
        raise ValueError(
            "Expected one layer or more. Received none. Name them, or leave layers= out: all convolutions."
        )
    return [spatial_layer(taps, name) for name in names]


def channel_layer(taps: Taps, name: str | None) -> TappedLayer:
    """The layer called `name`, of maps [B,H,W,C] or units [B,C]; the last convolution for None.

    Raises:
        ValueError: The layer is unknown, or has no axis of channels; the message lists those that have.
    """
    if name is None:
        return spatial_layer(taps, None)
    layer = taps.find(name)
    if not has_channels(layer):
        known = ", ".join(layer.name for layer in taps.layers if has_channels(layer)) or "none"
        raise ValueError(
            f"Expected a layer of channels, shape (B, H, W, C) or (B, C). Layer {name!r} puts out "
            f"{('B', *tuple(layer.tensor.shape)[1:])} {layer.tensor.dtype.name}. Choose one of: {known}."
        )
    return layer


def has_channels(layer: TappedLayer) -> bool:
    """Whether the layer puts out [B,H,W,C] or [B,C] of real numbers, with a known C."""
    shape = layer.tensor.shape
    return shape.rank in (2, 4) and layer.tensor.dtype.is_floating and shape[-1] is not None


_PREFIX = "layer:"  # keeps a layer called 'logits' apart from the logits


def chosen_layers(taps: Taps, names: Sequence[str] | None) -> list[TappedLayer]:
    """The layers called `names`, in this order; all single layers (no nested models) for None."""
    if names is not None:
        return [taps.find(name) for name in names]
    return [layer for layer in taps.layers if not is_nested_model(layer)]


def is_nested_model(layer: TappedLayer) -> bool:
    """Whether the layer is a model of its own, whose output its last layer already shows."""
    return any(ancestor.__name__ in ("Model", "Functional", "Sequential") for ancestor in type(layer.layer).__mro__)


def tensors_of(layers: Sequence[TappedLayer]) -> dict[str, Any]:
    """The layers' outputs under names that clash with nothing."""
    return {_PREFIX + layer.name: layer.tensor for layer in layers}


def layers_of(results: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The layers among a program's results, under their own names."""
    return {name.removeprefix(_PREFIX): values for name, values in results.items() if name.startswith(_PREFIX)}
