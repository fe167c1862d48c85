"""What is kept of each image beside the answers: maps by method and layer, and activations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from ...interpret import inspect_model
from ...interpret.methods.catalogue import KnownMethod
from ...models.known_names import unknown_name
from ..report_choice import known_method

DTYPES = ("float32", "float16")


@dataclass(frozen=True)
class WantedMap:
    """The maps of one method."""

    method: KnownMethod
    layer: str | None  # where it looks; None for a method that looks at the input

    @property
    def name(self) -> str:
        """Of its array in the store, such as 'hirescam@conv2' or 'saliency'; every layer's name is a file's name here."""
        return self.method.slug if self.layer is None else f"{self.method.slug}@{stored_name(self.layer)}"


@dataclass(frozen=True)
class Wanted:
    """All that is asked for, in the order that it was asked for."""

    maps: tuple[WantedMap, ...] = ()
    activations: tuple[str, ...] = ()  # names of layers
    dtype: str = "float32"  # that maps and activations are kept in


def stored_name(layer: str) -> str:
    """A layer's name as the name of a file: 'block/conv' becomes 'block%2Fconv'."""
    return quote(layer, safe="")


def wanted_of(
    model: Any,
    sample: Any,
    *,
    methods: Sequence[str | KnownMethod] = (),
    layers: Sequence[str] = (),
    activations: Sequence[str] = (),
    dtype: str = "float32",
) -> Wanted:
    """What is asked for, checked against the model.

    Args:
        model: A Keras model.
        sample: float32[B,H,W,C], a few images.
        methods: Names, or records of the user's own.
        layers: Where methods that look at a layer do so; none: at the last convolution.
        activations: Layers whose activations are kept.
        dtype: 'float32' or 'float16'.

    Raises:
        ValueError: A method, a layer or the dtype is unknown; or layers are named, and no method looks at one.
    """
    if dtype not in DTYPES:
        raise unknown_name("dtype", str(dtype), DTYPES, "Pass one of them.")
    known = [each if isinstance(each, KnownMethod) else known_method(each) for each in methods]
    found = inspect_model(model, sample)
    names = [each.name for each in found.layers]
    for name in (*layers, *activations):
        if name not in names:
            raise unknown_name("layer", name, names, "Pass one of them.")
    at_layer = [each for each in known if each.is_at_layer]
    if len(layers) and not at_layer:
        raise ValueError(
            f"Expected a method that looks at a layer beside --layer {', '.join(layers)}. Received "
            f"{', '.join(each.slug for each in known) or 'no method'}. Add one, such as --method hirescam, or leave --layer out."
        )
    if at_layer and not layers and found.cam_layer is None:
        raise ValueError(
            f"Expected a layer with a map of places for {at_layer[0].name}. This model has none. Leave that method out."
        )
    places = tuple(layers) or (found.cam_layer,)
    maps = [
        WantedMap(each, layer)
        for each in dict.fromkeys(known)
        for layer in (dict.fromkeys(places) if each.is_at_layer else [None])
    ]
    return Wanted(tuple(maps), tuple(dict.fromkeys(activations)), dtype)
