"""The channels of a layer in words, as a table, and by the parts of pictures where they fire the strongest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from ...interpret import ChannelCensus
from ...models.datasets.dataset import Dataset
from ..drawing.colors import FLAT
from ..drawing.pictures import pictures, shrunk
from ..drawing.wording import count, number, percent
from ..html.components import table
from ..html.tiles import Sprite, sprite, strip_html

_TWINS = 0.9  # |r| from which on two channels are called alike
_MOST_ROWS = 256


def census_sentence(census: ChannelCensus, names: tuple[str, ...]) -> str:
    """How many never fire, nearly always fire or have a twin, and the most selective one."""
    total = len(census.active_share)
    alike = int((np.nan_to_num(census.redundancy) >= _TWINS).sum())
    silent, always = len(census.silent), len(census.always_active)
    fire = "fires" if silent == 1 else "fire"
    said = (
        f"Over {count(census.images, 'image')}, "
        f"{f'{silent:,} of {total:,} channels never {fire}' if silent else 'every channel fires somewhere'}; {always:,} "
        f"{'is' if always == 1 else 'are'} above 0 at {percent(census.always, 0)} of the places or more; {alike:,} "
        f"{'correlates' if alike == 1 else 'correlate'} with another one by {_TWINS} or more, in size."
    )
    best = np.nan_to_num(census.selectivity, nan=-1)
    if best.max() <= 0:
        return said
    channel, label = (int(place) for place in np.unravel_index(best.argmax(), best.shape))
    return (
        f"{said} The most selective is channel {channel}, for {names[label]}: {best.max():.2f}, where 1 is firing for this "
        f"class alone and 0 is firing as for the others."
    )


def channel_sentence(census: ChannelCensus, channel: int, names: tuple[str, ...]) -> str:
    """How often one channel fires, and for which class most."""
    said = (
        f"Above 0 at {percent(census.active_share[channel])} of the places, on "
        f"{percent(census.active_images[channel])} of the images; mean {number(float(census.mean[channel]))}."
    )
    chosen = census.selectivity[channel]
    if not np.isfinite(chosen).any():
        return said
    label = int(np.nanargmax(chosen))
    return f"{said} It fires most for {names[label]}: selectivity {chosen[label]:.2f}, where 1 is for this class alone."


def census_table(census: ChannelCensus, names: tuple[str, ...]) -> Markup:
    """One row per channel; of many channels the most active."""
    total = len(census.active_share)
    shown = np.sort(np.argsort(-census.active_share, kind="stable")[:_MOST_ROWS])
    cut = f"; the {_MOST_ROWS} most active of {total:,}" if total > _MOST_ROWS else ""
    return table(
        ["Channel", "Active", "On images", "Mean", "Fires most for", "Selectivity", "Most like", "r", "State"],
        [_row(census, int(channel), names) for channel in shown],
        caption=(
            f"{census.layer}: share of the places above 0, share of the images with such a place, mean activation, "
            f"(class − others) / (class + others) of the class means, and the channel of the largest correlation{cut}"
        ),
        numeric=[1, 2, 3, 5, 6, 7],
    )


def _row(census: ChannelCensus, channel: int, names: tuple[str, ...]) -> tuple[object, ...]:
    chosen = census.selectivity[channel]
    known = np.isfinite(chosen).any()
    label = int(np.nanargmax(chosen)) if known else 0
    other = int(census.most_like[channel])
    return (
        str(channel),
        percent(census.active_share[channel]),
        percent(census.active_images[channel]),
        number(float(census.mean[channel])),
        names[label] if known else "–",
        f"{chosen[label]:.2f}" if known else "–",
        str(other) if other >= 0 else "–",
        f"{census.correlation[channel]:.2f}".replace("-", "−") if other >= 0 else "–",
        _state(census, channel),
    )


def _state(census: ChannelCensus, channel: int) -> str:
    if channel in census.silent:
        return "never fires"
    return "nearly always fires" if channel in census.always_active else ""


_SIDE = 56  # pixels of a patch in the file; larger ones are averaged down


@dataclass(frozen=True, eq=False)
class PatchSheet:
    """The patches of some channels in one sprite."""

    census: ChannelCensus
    sprites: list[Sprite]  # one, or none where there are no patches
    starts: dict[int, int]  # {channel: its first tile}

    def row(self, channel: int) -> Markup:
        """A channel's patches, the strongest first, each with the number of its image."""
        liked = self.census.preferred
        images = liked.images[channel][liked.images[channel] >= 0]
        if not len(images) or not self.sprites:
            return Markup("")
        told = ", ".join(str(image) for image in images)
        strip = strip_html(self.sprites[0], self.starts[channel] // self.sprites[0].columns, f"images {told}")
        return Markup('<div class="patch-strip" title="images {}">{}</div>').format(told, strip)


def patch_sheet(census: ChannelCensus, dataset: Dataset, channels: Sequence[int]) -> PatchSheet:
    """Cut the patches of these channels out of the images."""
    tiles, starts, most = [], {}, census.preferred.images.shape[1]
    for channel in channels:
        cut = census.preferred.patches(dataset.shown, channel, outside=np.nan)
        if len(cut):
            starts[channel] = most * len(tiles)
            drawn = patch_pictures(cut, dataset.shown_range)
            tiles.append(np.pad(drawn, ((0, most - len(drawn)), (0, 0), (0, 0), (0, 0)), constant_values=FLAT[0]))
    sprites = [sprite("channel-patches", np.concatenate(tiles), columns=most)] if tiles else []
    return PatchSheet(census, sprites, starts)


def patch_pictures(patches: np.ndarray, value_range: tuple[float, float]) -> np.ndarray:
    """uint8[n,h,w,3]; what lies outside of the picture (NaN) is flat grey."""
    outside = np.isnan(patches).any(axis=-1)
    shown = pictures(np.nan_to_num(patches, nan=value_range[0]), value_range, most=max(patches.shape[1:3])).copy()
    shown[outside] = FLAT
    if max(shown.shape[1:3]) <= _SIDE:
        return shown
    return np.rint(shrunk(shown.astype(np.float32), _SIDE)).astype(np.uint8)
