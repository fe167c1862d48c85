"""Many picture files as images: each is decoded once, in threads, and kept off the memory at the size that is wanted.

What comes of each picture, its size exact to the last bit, goes into an `ImageStore`: as bytes where the values are bytes. Where
the size is not known before all have been seen, some megabytes of what was decoded are kept, and others decoded again.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..datasets.fingerprints import read_bytes
from ..datasets.image_store import ImageStore
from ..datasets.lazy_images import LazyImages, lazily
from .image_files import Decoding, decode_image, header_of, in_bytes_range, with_channels, without_pillows_warnings
from .reading import Reading

_KEPT = 128 * 2**20  # bytes of decoded pictures that are kept
_DECODERS = 2  # threads
_AHEAD = 4  # pictures that are decoded before they are needed


@dataclass(frozen=True)
class Looked:
    """What is kept of a picture that is whole."""

    size: tuple[int, int]  # (H, W), turned where that was asked for
    channels: int  # 1 (grey) or 3
    alpha: bool
    largest: int  # value, of 16 bits; 0 of 8
    turned: bool  # whether EXIF says that it is to be seen turned
    digest: bytes  # SHA-256 of its bytes


class PictureFiles:
    """Pictures in files, in [0, 255] whatever their depth."""

    white = 255.0

    def __init__(self, read: Sequence[Callable[[], bytes]], kept: Kept) -> None:
        self._read, self._kept, looked = read, kept, kept.looked
        self.channels = 1 if all(picture.channels == 1 for picture in looked) else 3
        self.alpha = any(picture.alpha for picture in looked)

    def __len__(self) -> int:
        return len(self._kept.looked)

    def sizes(self) -> set[tuple[int, int]]:
        """Each (H, W) that occurs."""
        return {picture.size for picture in self._kept.looked}

    def size_of_each(self) -> np.ndarray:
        """(H, W) of each, int64[B,2]."""
        return np.array([picture.size for picture in self._kept.looked], np.int64).reshape(-1, 2)

    def limits(self) -> tuple[float, float]:
        """Black and white."""
        return 0.0, 255.0

    def ready(self, shape: tuple[int, int, int]) -> LazyImages | None:
        """All pictures at a size in [0, 255], where they were brought to it as they were decoded."""
        store = self._kept.store
        if store is None or store.shape[1:] != shape:
            return None
        if store.stored == np.uint8:
            return LazyImages(store.levels, len(store), shape)
        return lazily(store)

    def kept(self, raw: LazyImages) -> LazyImages:
        """The same images, decoded once more and then kept off the memory."""
        shape = (raw.shape[1], raw.shape[2], raw.shape[3])
        self._kept.keep(raw, shape)
        return self.ready(shape) or raw

    def read(self, numbers: np.ndarray, channels: int) -> list[np.ndarray]:
        """Each [H,W,channels] in [0, 255], bytes or float32."""
        return [in_bytes_range(self._pixels(int(number), channels), self._kept.how.depth) for number in numbers]

    def _pixels(self, number: int, channels: int) -> np.ndarray:
        kept = self._kept.pixels.get(number)
        if kept is not None and channels in (kept.shape[2], 3):  # grey of colours depends on the decoder, alpha is gone
            return with_channels(kept, channels)
        raw = self._read[number]()
        is_same = hashlib.sha256(raw).digest() == self._kept.looked[number].digest
        decoded = decode_image(raw, channels=channels, decoding=self._kept.how) if is_same else None
        if decoded is None:
            raise ValueError(
                f"Expected picture {number} to be as it was a moment ago. Received other bytes in its file. Run again when "
                "the files no longer change."
            )
        return decoded


class Kept:
    """What is kept of the pictures that are whole, as they come.

    Args:
        reading: how they are decoded, and what they become.
    """

    def __init__(self, reading: Reading) -> None:
        self.how = Decoding(reading.interpolation == "nearest", reading.exif, reading.depth)
        self.looked: list[Looked] = []
        self.pixels: dict[int, np.ndarray] = {}  # some, as decoded
        self.store: ImageStore | None = None  # all, at the size wanted
        self._room = _KEPT
        height, width, channels = reading.shape or (None, None, None)
        self.shape = (height, width, channels) if height and width and channels else None
        self._resizing = reading.resizing()

    def look(self, content: Callable[[], bytes]) -> tuple[Looked, np.ndarray] | None:
        """A picture and its pixels, at the size wanted where that is known.

        One that is locked, a pipe, a device or too large counts as unreadable: None.
        """
        channels = None if self.shape is None else self.shape[2]
        try:
            raw = content()
            header = header_of(raw)
            if header is None:
                return None
            pixels = decode_image(raw, channels=channels, decoding=self.how, header=header)
        except ValueError:
            return None
        if pixels is None:
            return None
        grey = pixels.shape[2] == 1 if channels is None else header.grey
        size = int(pixels.shape[0]), int(pixels.shape[1])
        largest = int(pixels.max()) if pixels.dtype == np.uint16 else 0
        looked = Looked(
            size, 1 if grey else 3, header.alpha, largest, header.orientation != 1, hashlib.sha256(raw).digest()
        )
        if self.shape is not None and (size != self.shape[:2] or pixels.dtype != np.uint8):
            some = in_bytes_range(pixels, self.how.depth)[np.newaxis]
            pixels = self._resizing(some, self.shape[0], self.shape[1])[0]
        return looked, pixels

    def add(self, looked: Looked, pixels: np.ndarray) -> None:
        """Take what `look` found."""
        if self.shape is not None:
            self._store(pixels)
        elif pixels.nbytes <= self._room:
            self._room -= pixels.nbytes
            self.pixels[len(self.looked)] = pixels
        self.looked.append(looked)

    def keep(self, images: Iterable[np.ndarray], shape: tuple[int, int, int]) -> None:
        """Take all pictures anew, float32[H,W,C] in [0, 255]; those of whole numbers as bytes."""
        self.shape, self.store, self.pixels = shape, None, {}
        for image in images:
            whole = np.rint(image)
            self._store(whole.astype(np.uint8) if np.array_equal(whole, image) else image)

    def _store(self, pixels: np.ndarray) -> None:
        shape = (pixels.shape[0], pixels.shape[1], pixels.shape[2])
        if self.store is None:
            self.store = ImageStore(shape, pixels.dtype)
        elif self.store.stored != np.float32 and pixels.dtype == np.float32:
            wider = ImageStore(shape, np.float32)
            for image in self.store:
                wider.append(np.rint(image * np.float32(255)))
            self.store = wider
        self.store.append(pixels.astype(self.store.stored, copy=False))


@dataclass(frozen=True, eq=False)
class Found:
    """Pictures that are whole, and those that are not."""

    pixels: PictureFiles
    whole: np.ndarray  # int64[B], which of those that were asked for
    unreadable: tuple[str, ...]
    sha256: str  # of all that are whole, names and contents, in order
    notes: tuple[str, ...]


def pictures(names: Sequence[str], read: Sequence[Callable[[], bytes]], reading: Reading) -> Found:
    """Look at each picture once.

    Args:
        names: for messages and hashes.
        read: gives the bytes of each; a ValueError makes it an unreadable one.
        reading: how they are decoded.
    """
    kept, digest, whole, unreadable = Kept(reading), hashlib.sha256(), [], []
    for number, found in enumerate(_looked_ahead(kept, read)):
        if found is None:
            unreadable.append(names[number])
            continue
        kept.add(*found)
        whole.append(number)
        digest.update(names[number].encode("utf-8", "surrogateescape") + b"\0" + found[0].digest)
    chosen = PictureFiles([read[number] for number in whole], kept)
    notes = _notes(kept.looked, reading)
    return Found(chosen, np.array(whole, np.int64), tuple(unreadable), digest.hexdigest(), notes)


def _looked_ahead(kept: Kept, read: Sequence[Callable[[], bytes]]) -> Iterator[tuple[Looked, np.ndarray] | None]:
    """What `Kept.look` finds of each picture, in order, a few of them decoded ahead of use."""
    waiting: deque[Future[tuple[Looked, np.ndarray] | None]] = deque()
    decoders = ThreadPoolExecutor(max_workers=_DECODERS)
    try:
        with without_pillows_warnings():
            for content in read:
                waiting.append(decoders.submit(kept.look, content))
                if len(waiting) > _AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
    finally:
        decoders.shutdown(cancel_futures=True)


def file_reader(path: Path) -> Callable[[], bytes]:
    """What reads a file when it is called."""
    return lambda: read_bytes(path)


def _notes(looked: Sequence[Looked], reading: Reading) -> tuple[str, ...]:
    notes = []
    told = sum(picture.turned for picture in looked)
    if told:
        done = "were turned by it" if reading.exif else "are read as stored, as Keras reads them; --exif turns them"
        notes.append(f"{told:,} of {len(looked):,} pictures carry an orientation in their EXIF: they {done}.")
    largest = max((picture.largest for picture in looked), default=0)
    if largest:
        notes.extend(_depth_notes(largest, reading.depth))
    return tuple(notes)


def _depth_notes(largest: int, depth: int | None) -> list[str]:
    if depth is not None and largest >= 2**depth:
        raise ValueError(
            f"Expected values up to {2**depth - 1:,} by --depth {depth}. Received {largest:,} in a picture of 16 bits. Pass "
            "the bits that the values were measured with."
        )
    bits = next((bits for bits in (8, 10, 12, 14) if largest < 2**bits), 16)
    if depth is not None or bits == 16:
        return []
    note = (
        f"The largest value in the pictures of 16 bits is {largest:,} of 65,535, as of {bits} bits: they are read as nearly "
        f"black. If white is {2**bits - 1:,}, pass --depth {bits}."
    )
    return [note]
