"""A volume as a strip of its slices, which the page's program turns into one slice with a slider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from ..drawing.colors import as_rgb, contrast_overlay
from ..drawing.pictures import shrunk
from ..drawing.signal_form import SignalForm, shown_slices
from ..html.components import joined
from ..html.tiles import Sprite, sprite, tile_html

MOST_SLICES = 24  # of a volume
_SIDE = 72  # pixels of a slice


@dataclass(frozen=True, eq=False)
class Volume:
    """A volume with the maps that are laid over it."""

    values: np.ndarray  # float[D,H,W,C], of which the mean over channels is drawn
    maps: Sequence[tuple[str, np.ndarray]]  # (of what, float[D,H,W]), for and against
    called: str


def strips(name: str, volumes: Sequence[Volume], form: SignalForm) -> tuple[list[Markup], list[Sprite]]:
    """The strip of each volume, and the sprite of their tiles.

    Args:
        name: Of the sprite, once in a page.
        volumes: Of one size and one number of maps each, at least one.
        form: For the places of the slices.
    """
    chosen = [_chosen(volume) for volume in volumes]
    tiles = [_tiles(volume, places) for volume, places in zip(volumes, chosen, strict=True)]
    sheet = sprite(name, np.concatenate([each.reshape(-1, *each.shape[2:]) for each in tiles]))
    made, start = [], 0
    for volume, places, drawn in zip(volumes, chosen, tiles, strict=True):
        made.append(_strip(volume, places, sheet, start, form))
        start += drawn.shape[0] * drawn.shape[1]
    return made, [sheet]


def _chosen(volume: Volume) -> list[int]:
    return shown_slices(_strength(volume), MOST_SLICES)


def _strength(volume: Volume) -> np.ndarray:
    """How much speaks for the first of its maps in each slice."""
    if not volume.maps:
        return np.zeros(len(volume.values))
    return np.maximum(volume.maps[0][1], 0).sum(axis=(1, 2), dtype=np.float64)


def _tiles(volume: Volume, places: Sequence[int]) -> np.ndarray:
    """uint8[S,1 + maps,h,w,3]: each slice, and each map over it."""
    values = volume.values.mean(axis=-1, keepdims=True)
    limits = float(values.min()), float(values.max())
    plain = as_rgb(shrunk(values[places], _SIDE), limits)
    drawn = [plain]
    for _, evidence in volume.maps:
        end = float(np.abs(evidence).max()) or 1.0
        small = shrunk(evidence[places][..., np.newaxis], _SIDE)[..., 0]
        drawn.append(contrast_overlay(plain, small, end))
    return np.stack(drawn, axis=1)


def _strip(volume: Volume, places: Sequence[int], sheet: Sprite, start: int, form: SignalForm) -> Markup:
    depth, kinds = len(volume.values), 1 + len(volume.maps)
    strength = _strength(volume)[places]
    strongest = int(strength.argmax()) if strength.any() else len(places) // 2  # without evidence the middle one
    entries = []
    for row, place in enumerate(places):
        said = form.slice_words(place, depth)
        labels = [f"{said} of {volume.called}", *(f"{what} over {said}" for what, _ in volume.maps)]
        shown = (tile_html(sheet, start + row * kinds + kind, label) for kind, label in enumerate(labels))
        entries.append(Markup("<li><span>{}</span><small>{}</small></li>").format(Markup("").join(shown), said))
    return Markup('<ol class="slices" data-first="{}" aria-label="Slices of {}">{}</ol>').format(
        strongest, volume.called, joined(entries)
    )
