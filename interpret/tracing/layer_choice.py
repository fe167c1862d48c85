"""Which layers have a map of places, and which of them Grad-CAM looks at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..graph.gates import is_gate
from ..graph.token_grid import reads_single_tokens, token_grid
from ..graph.ways import follows_from, is_whole_road, leads_to
from .axes import TokenAxes
from .layer_hooks import TappedLayer
from .traced_model import Taps


def is_spatial(layer: TappedLayer) -> bool:
    """Whether the layer puts out maps with two axes of places, [B,H,W,C]; more than one place, an open size is many."""
    return len(_places(layer)) == 2 and any(size != 1 for size in _places(layer))


def has_places(layer: TappedLayer) -> bool:
    """Whether a class activation map can be taken: two axes of places, or those of a film, a volume or a sequence."""
    if is_spatial(layer):
        return True
    several = any(size != 1 for size in _places(layer))
    return several and (len(_places(layer)) == 3 or (len(_places(layer)) == 1 and is_convolution(layer)))


def is_of_series(taps: Taps, layer: TappedLayer) -> bool:
    """Whether the layer puts out [B,L,C] and a Conv1D stands before it: its pooling, normalisation and activations.

    Without one, an axis more may be tokens or frames, whose order a map would feign to be that of the input.
    """
    sizes = _places(layer)
    if len(sizes) != 1 or sizes[0] == 1:
        return False
    before = [other for other in taps.layers if is_convolution(other) and len(_places(other)) == 1]
    return any(layer.tensor.op in follows_from(other.tensor) for other in before)


def is_convolution(layer: TappedLayer) -> bool:
    """Whether the layer is a convolution of any kind (plain, depthwise, transposed, in a recurrence, frame by frame)."""
    inner = getattr(layer.layer, "layer", None) if type(layer.layer).__name__ == "TimeDistributed" else None
    kinds = [*type(layer.layer).__mro__, *(type(inner).__mro__ if inner is not None else ())]
    return any(word in kind.__name__ for kind in kinds for word in ("Conv1D", "Conv2D", "Conv3D", "ConvLSTM"))


def _places(layer: TappedLayer) -> list[int | None]:
    """The sizes of the axes of places; none for a tensor of whole numbers, or of unknown form."""
    if layer.axes is None or not layer.tensor.dtype.is_floating:
        return []
    return [layer.tensor.shape[axis] for axis in layer.axes.places]


def on_the_way(taps: Taps) -> list[TappedLayer]:
    """The layers that the image reaches, and that reach the scores: those where a map can speak of both."""
    ways = follows_from(taps.image) & leads_to(taps.ends)
    return [layer for layer in taps.layers if layer.tensor.op in ways]


def spatial_layer(taps: Taps, name: str | None) -> TappedLayer:
    """The layer called `name`, or the last convolution on the way from the image to the scores.

    Where there is no convolution: the last layer with a map on this way.

    Raises:
        ValueError: The layer is unknown, or has no map of places; the message lists those that have.
    """
    with_map = [layer for layer in taps.layers if has_places(layer)]
    known = ", ".join(layer.name for layer in with_map) or "none"
    if name is not None:
        layer = taps.find(name)
        if not has_places(layer) and is_of_tokens(taps, layer):
            return on_the_grid(taps, layer)
        if not has_places(layer) and not is_of_series(taps, layer):
            if len(_places(layer)) == 2:
                raise ValueError(
                    f"Expected a layer with more than one place. Layer {name!r} puts out one place for the whole picture, so its "
                    f"map would be one number. Choose one of those that have a map: {known}."
                )
            raise ValueError(
                f"Expected a layer with a map of places, shape (B, H, W, C). Layer {name!r} puts out "
                f"{('B', *tuple(layer.tensor.shape)[1:])}. Choose one of those that have a map: {known}."
            )
        return layer
    found = default_layers(taps)
    if not found and not follows_from(taps.image) & {end.op for end in taps.ends}:
        raise ValueError(
            "Expected an output that depends on the image. Received one that the input does not lead to, so there is no layer "
            "between the two. Choose another input (wrt=) or output (output=)."
        )
    if not found:
        raise ValueError(
            "Expected a layer with a map of places, shape (B, H, W, C), for Grad-CAM. This model has none "
            "that can be seen (a SavedModel hides its layers; its .keras file does not). "
            "Use a method that works at the input, such as Saliency."
        )
    return found[-1]


def is_of_tokens(taps: Taps, layer: TappedLayer) -> bool:
    """Whether the layer puts out tokens [B,T,C] of a model with attention."""
    shape = layer.tensor.shape
    several = shape.rank == 3 and layer.tensor.dtype.is_floating and None not in shape[1:] and shape[1] > 1
    return bool(several and taps.attentions and not layer.is_attention)


def on_the_grid(taps: Taps, layer: TappedLayer) -> TappedLayer:
    """A layer of tokens, as a map of the places that they were cut from.

    Raises:
        ValueError: Nothing tells which token is which place; or the scores read single tokens behind the layer, so that the
            others have no gradient there.
    """
    maps = [each.tensor for each in taps.layers if is_spatial(each)]
    found = token_grid(layer.tensor, maps, taps.image)
    if found is None:
        raise ValueError(
            f"Expected tokens that lie on the places of a map before them. Layer {layer.name!r} puts out {layer.tensor.shape[1]} "
            f"tokens, and no layer before it tells their grid. Use the layer that cuts the picture into patches."
        )
    (height, width), first = found
    attends = any(each.tensor.op in follows_from(layer.tensor) for each in taps.attentions)
    if not attends and height * width < layer.tensor.shape[1] and reads_single_tokens(layer.tensor, taps.ends):
        raise ValueError(
            f"Expected a layer before the last attention. Behind layer {layer.name!r} the scores read the class token alone, so "
            f"the places have no gradient. Use {token_layers(taps)[-1].name!r}, for example."
        )
    return replace(layer, axes=TokenAxes(rank=3, channel=2, grid=(height, width), first=first))


def token_layers(taps: Taps) -> list[TappedLayer]:
    """The layers of tokens [B,T,C] that the last attention reads, in order; empty in a model without attention."""
    on_way = follows_from(taps.image) & leads_to(taps.ends)
    attentions = [each for each in taps.attentions if each.tensor.op in on_way]
    if not attentions:
        return []
    before = leads_to([attentions[-1].tensor]) & on_way
    length = attentions[-1].tensor.shape[-1]
    found = [each for each in taps.layers if each.tensor.op in before and is_of_tokens(taps, each)]
    return [each for each in found if each.tensor.shape[1] == length and not is_nested_model(each)]


def default_layers(taps: Taps) -> list[TappedLayer]:
    """The convolutions on the way from the image to the scores; where there are none, the last layer with a map there.

    Those that only say how much of another layer is let through are left out, where there are others.
    """
    reached = [layer for layer in on_the_way(taps) if has_places(layer) and not layer.output]
    found = [layer for layer in reached if is_convolution(layer)]
    ways = follows_from(taps.image) & leads_to(taps.ends)  # without the gradients that others asked for
    return [layer for layer in found if not is_gate(layer.tensor, ways)] or found or reached[-1:]


def default_layer(taps: Taps) -> str | None:
    """Where class activation maps look by default; None where no layer on the way has a map of places."""
    found = default_layers(taps)
    return found[-1].name if found else None


def calls_beside(taps: Taps, name: str | None) -> list[str]:
    """The other calls of the layer called `name` that neither lead to this one nor follow from it: in other branches."""
    if name is None:
        return []
    own = taps.find(name)
    ways = leads_to([own.tensor]) | follows_from(own.tensor)
    calls = [each for each in on_the_way(taps) if each.layer is own.layer and not each.output and not each.is_attention]
    return [each.name for each in calls if each.tensor.op not in ways]


def ways_of(taps: Taps, name: str | None) -> tuple[bool, str | None]:
    """Whether all ways from the image to the scores lead through the layer called `name`; if not, where they come together.

    That is the last layer with a map, behind this one, that all ways lead through; None where there is none.
    """
    if name is None or is_whole_road(taps.find(name).tensor, taps.image, taps.ends):
        return True, None
    behind = follows_from(taps.find(name).tensor)
    later = [each for each in on_the_way(taps) if each.tensor.op in behind and not is_nested_model(each)]
    found = [each for each in later if has_places(each) or is_of_series(taps, each)]
    whole = (each.name for each in reversed(found) if is_whole_road(each.tensor, taps.image, taps.ends))
    return False, next(whole, None)


def spatial_layers(taps: Taps, names: Sequence[str] | None) -> list[TappedLayer]:
    """The layers called `names`, in this order; for None all convolutions on the way from the image to the scores.

    Raises:
        ValueError: No layer is named, or one is unknown or has no map of places.
    """
    if names is None:
        return default_layers(taps) or [spatial_layer(taps, None)]
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
        return _refuse_channels_first(spatial_layer(taps, None))
    layer = taps.find(name)
    _refuse_channels_first(layer)
    if not has_channels(layer):
        known = ", ".join(layer.name for layer in taps.layers if has_channels(layer)) or "none"
        raise ValueError(
            f"Expected a layer of channels, shape (B, H, W, C) or (B, C). Layer {name!r} puts out "
            f"{('B', *tuple(layer.tensor.shape)[1:])} {layer.tensor.dtype.name}. Choose one of: {known}."
        )
    return layer


def _refuse_channels_first(layer: TappedLayer) -> TappedLayer:
    if layer.axes is not None and layer.axes.channel != layer.axes.rank - 1:
        raise ValueError(
            f"Expected a layer whose channels are last. Layer {layer.name!r} has data_format='channels_first', and puts "
            f"out {layer.axes.words}. Single channels are looked at channels last only: build the model with "
            f"data_format='channels_last'; maps of GradCAM and Saliency are right as it is."
        )
    return layer


def has_channels(layer: TappedLayer) -> bool:
    """Whether the layer puts out [B,H,W,C] or [B,C] of real numbers, with a known C."""
    shape = layer.tensor.shape
    return shape.rank in (2, 4) and layer.axes is not None and layer.tensor.dtype.is_floating and shape[-1] is not None


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
    """The layers' outputs, channels last, under names that clash with nothing."""
    return {_PREFIX + layer.name: layer.maps for layer in layers}


def layers_of(results: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The layers among a program's results, under their own names."""
    return {name.removeprefix(_PREFIX): values for name, values in results.items() if name.startswith(_PREFIX)}
