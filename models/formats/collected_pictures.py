"""Pictures of many files as one set: brought to one size and one number of channels as they come, and kept off the memory.

Each picture is decoded and resized once. Until the last one has come it may not be known whether all are grey: a set starts
as what its first picture is, and is widened when another one asks for it.
"""

from __future__ import annotations

import numpy as np

from ..datasets.image_store import IN_MEMORY, ImageStore, parts_of
from ..datasets.resizing import convert_channels, resize_images
from .image_files import to_unit_range


class CollectedPictures:
    """The pictures so far.

    Args:
        size: (H, W) that every picture is resized to; None: as they are, all must be of one size.
        channels: 1 or 3; None: 1 if all are grey, else 3.
    """

    def __init__(self, size: tuple[int, int] | None, channels: int | None) -> None:
        self._size = size
        self._channels = channels
        self._sizes: set[tuple[int, int]] = set()
        self._store: ImageStore | None = None

    def add(self, picture: np.ndarray) -> None:
        """Take a picture uint8 or uint16 [H,W,1 or 3]."""
        self._sizes.add((picture.shape[0], picture.shape[1]))
        if self._size is None and len(self._sizes) > 1:
            return  # refused at the end, with all sizes that there are
        height, width = self._size or picture.shape[:2]
        channels = self._channels or max(picture.shape[2], self._store.shape[3] if self._store is not None else 1)
        pixels = _at(picture, height, width, channels)
        store = self._store
        if store is None:
            store = ImageStore((height, width, channels), pixels.dtype)
        elif store.shape[3] != channels or (store.stored != pixels.dtype and pixels.dtype != np.uint8):
            store = _widened(store, channels, pixels.dtype)
        if store.stored != pixels.dtype:
            pixels = to_unit_range(pixels)
        store.append(pixels)
        self._store = store

    def images(self) -> np.ndarray | ImageStore:
        """All pictures, float32[B,H,W,C] in 0..1; an array where they take little memory.

        Raises:
            ValueError: They are of several sizes.
        """
        if self._size is None and len(self._sizes) > 1:
            raise _several_sizes(self._sizes)
        if self._store is None:
            return np.zeros((0, 1, 1, 1), np.float32)
        return self._store[:] if 4 * self._store.size <= IN_MEMORY else self._store


def _at(picture: np.ndarray, height: int, width: int, channels: int) -> np.ndarray:
    """A picture at this size with these channels: bytes where these are exact, else float32 in 0..1."""
    same = picture.shape[:2] == (height, width) and picture.shape[2] <= channels
    if same and picture.dtype == np.uint8:
        return np.repeat(picture, channels, axis=2) if picture.shape[2] < channels else picture
    return resize_images(convert_channels(to_unit_range(picture)[np.newaxis], channels), height, width)[0]


def _widened(store: ImageStore, channels: int, dtype: np.dtype) -> ImageStore:
    """The pictures of a store with more channels, or as float32."""
    exact = store.stored == np.uint8 and dtype == np.uint8
    wider = ImageStore((*store.shape[1:3], channels), np.uint8 if exact else np.float32)
    for part in parts_of(store):
        for image in convert_channels(part, channels):
            wider.append(np.rint(image * 255).astype(np.uint8) if exact else image)
    return wider


def _several_sizes(sizes: set[tuple[int, int]]) -> ValueError:
    listed = [f"{height}x{width}" for height, width in sorted(sizes)]
    shown = ", ".join(listed[:8]) + (", ..." if len(listed) > 8 else "")
    return ValueError(
        f"Expected images of one size (height x width), got {len(listed)}: {shown}. "
        "To bring them to one, pass size=(H, W), on the command line --size HxW (train, explore) or --resize (where "
        "there is a model)."
    )
