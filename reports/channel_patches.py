"""What channels like, as rows of small pictures cut out where they fire the strongest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from ..interpret import ChannelCensus
from ..models.datasets import Dataset
from .colors import FLAT
from .components import maps
from .pictures import pictures, shrunk
from .tiles import Sprite, sprite, tile_html
from .wording import number

_SIDE = 56  # pixels of a patch in the file; larger ones are averaged down
_SHOWN = 44  # pixels of a patch on the page


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
        tiles = []
        for rank, image in enumerate(images):
            label = f"image {image}, activation {number(float(liked.activations[channel, rank]))}"
            tiles.append((tile_html(self.sprites[0], self.starts[channel] + rank, label), str(image)))
        return Markup('<div style="--side:{}px">{}</div>').format(_SHOWN, maps(tiles))


def patch_sheet(census: ChannelCensus, dataset: Dataset, channels: Sequence[int]) -> PatchSheet:
    """Cut the patches of these channels out of the images."""
    tiles, starts, start = [], {}, 0
    for channel in channels:
        starts[channel] = start
        cut = census.preferred.patches(dataset.images, channel, outside=np.nan)
        if len(cut):
            tiles.append(_pictures(cut, dataset.value_range))
            start += len(cut)
    sprites = [sprite("channel-patches", np.concatenate(tiles))] if tiles else []
    return PatchSheet(census, sprites, starts)


def _pictures(patches: np.ndarray, value_range: tuple[float, float]) -> np.ndarray:
    """uint8[n,h,w,3]; what lies outside of the picture (NaN) is flat grey."""
    outside = np.isnan(patches).any(axis=-1)
    shown = pictures(np.nan_to_num(patches, nan=value_range[0]), value_range, most=max(patches.shape[1:3])).copy()
    shown[outside] = FLAT
    if max(shown.shape[1:3]) <= _SIDE:
        return shown
    return np.rint(shrunk(shown.astype(np.float32), _SIDE)).astype(np.uint8)
