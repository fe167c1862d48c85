"""What the layers put out of one series or volume, channel by channel, and how much of it a unit sees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from ...interpret import ActivationExtractor, LayerInformation
from ...interpret.layers.receptive_field import PlacesField
from ..drawing.colors import colorize, limits_of
from ..drawing.pictures import shrunk
from ..drawing.signal_form import SignalForm
from ..drawing.wording import number, shape
from ..html.components import joined, table, view
from ..html.tiles import Sprite, sprite, tile_html
from ..sections.section import About
from .curves import curve
from .evidence import SignalsEvidence
from .seen import SignalsSeen
from .words import ONE, signed

_CHANNELS = 6  # of a layer: those with the strongest response
_SIDE = 72


@dataclass(frozen=True, eq=False)
class LayerChannels:
    """Some channels of a layer for one series or volume."""

    name: str
    channels: np.ndarray  # int64[n], the strongest response first
    maps: np.ndarray  # float32[n,places...], at the layer's own places
    of: int  # channels of the layer


def channels_of(seen: SignalsSeen, number: int) -> tuple[LayerChannels, ...]:
    """The channels of each stage with the largest mean size, for one of the set."""
    wanted = [name for name in seen.stages if len(seen.information.layer(name).output_shape) > 1]
    if not wanted:
        return ()
    found = ActivationExtractor(seen.model, wanted)(seen.values(np.array([number])))
    return tuple(_strongest(name, np.asarray(values[0], np.float32)) for name, values in found.items())


def _strongest(name: str, values: np.ndarray) -> LayerChannels:
    flat = np.abs(values).reshape(-1, values.shape[-1]).mean(axis=0)
    chosen = np.argsort(-flat, kind="stable")[:_CHANNELS]
    return LayerChannels(name, chosen, np.moveaxis(values[..., chosen], -1, 0), values.shape[-1])


def channels_html(
    layers: Sequence[LayerChannels], number: int, found: SignalsEvidence, about: About
) -> tuple[Markup, list[Sprite]]:
    """Each layer's channels, as curves or as the slice with the strongest response."""
    if not layers:
        return Markup(""), []
    one, _ = ONE[found.kind]
    called = f"{one} {about.dataset.called(number)}"
    parts, sheets = [], []
    for place, layer in enumerate(layers):
        drawn, made = _series(layer, found.form) if found.kind == "series" else _volumes(f"channels-{place}", layer)
        head = f"{layer.name}: {len(layer.channels)} of {layer.of} channels, the strongest response first"
        parts.append(Markup("<h4>{}</h4>{}").format(head, drawn))
        sheets += made
    lead = Markup('<h3>What they put out of {} <small><span class="t">{}</span></small></h3>').format(
        called, about.class_names[int(about.dataset.labels[number])]
    )
    return lead + joined(parts), sheets


def _series(layer: LayerChannels, form: SignalForm) -> tuple[Markup, list[Sprite]]:
    low, high = float(min(layer.maps.min(), 0)), float(max(layer.maps.max(), 0))
    drawn = [
        Markup('<figure class="curve-figure">{}<figcaption>channel {}</figcaption></figure>').format(
            curve(
                values[:, np.newaxis], None, form, f"channel {channel} of {layer.name}", limits=(low, high), ticks=False
            ),
            channel,
        )
        for channel, values in zip(layer.channels, layer.maps, strict=True)
    ]
    note = Markup('<p class="note">All of a layer from {} to {}.</p>').format(signed(low), signed(high))
    return Markup('<div class="channel-curves">{}</div>{}').format(joined(drawn), note), []


def _volumes(name: str, layer: LayerChannels) -> tuple[Markup, list[Sprite]]:
    strongest = [int(np.abs(values).mean(axis=(1, 2)).argmax()) for values in layer.maps]
    slices = np.stack([values[place] for values, place in zip(layer.maps, strongest, strict=True)])
    small = shrunk(slices[..., np.newaxis], _SIDE)[..., 0]
    sheet = sprite(name, colorize(small, "evidence", limits_of(small, "evidence")))
    views = [
        view(
            tile_html(sheet, row, f"channel {channel} of {layer.name}"),
            f"channel {channel}",
            note=f"slice {place + 1} of {layer.maps.shape[1]}, peak {number(float(values.max()))}",
        )
        for row, (channel, place, values) in enumerate(zip(layer.channels, strongest, layer.maps, strict=True))
    ]
    return Markup('<div class="views">{}</div>').format(joined(views)), [sheet]


def fields_table(layers: Sequence[LayerInformation], form: SignalForm, kind: str) -> Markup:
    """How much of a series or a volume one unit of each layer sees, in places and in the unit."""
    rows = [(each.name, each.kind, shape(each.output_shape), *_field(each, form, kind)) for each in layers]
    unit = f" ({form.unit})" if form.steps else ""
    what = "places" if kind == "series" else "places along each axis"
    heads = [
        "Layer",
        "Kind",
        "Output",
        f"One unit sees, {what}",
        *([f"That is{unit}"] if form.steps else []),
        "A unit every",
    ]
    caption = f"How much of a {ONE[kind][0]} a unit of each layer sees: what it can see, not what it uses."
    return table(heads, rows, caption=caption)


def _field(layer: LayerInformation, form: SignalForm, kind: str) -> tuple[str, ...]:
    field, more = layer.receptive_field, 1 if form.steps else 0
    if field is None:
        return ("not known", *[""] * more, "")
    if field.whole or not isinstance(field, PlacesField):
        return (f"the whole {ONE[kind][0]}", *[""] * more, "")
    sizes = [axis.size for axis in field.axes]
    inside = [" × ".join(number(size * step) for size, step in zip(sizes, form.steps, strict=True))] if more else []
    strides = {axis.stride for axis in field.axes}
    every = " × ".join(f"{axis.stride:g}" for axis in field.axes) if len(strides) > 1 else f"{strides.pop():g}"
    return " × ".join(f"{size:g}" for size in sizes), *inside, every
