"""Many picture files as images: each is looked at once to see that it is whole, and decoded again when it is needed.

Memory does not grow with the number of files: of what was decoded first, some megabytes are kept, of each other file its
name, size and hash.
"""

from __future__ import annotations

import hashlib
import io
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ..datasets.fingerprints import read_bytes
from .image_files import Decoding, decode_image, read_header, to_bytes_range, with_channels
from .reading import Reading

_KEPT = 128 * 2**20  # bytes of decoded pictures that are kept


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

    def __init__(
        self, read: Sequence[Callable[[], bytes]], looked: Sequence[Looked], kept: dict[int, np.ndarray], how: Decoding
    ) -> None:
        self._read, self._looked, self._kept, self._how = read, looked, kept, how
        self.channels = 1 if all(picture.channels == 1 for picture in looked) else 3
        self.alpha = any(picture.alpha for picture in looked)

    def __len__(self) -> int:
        return len(self._looked)

    def sizes(self) -> set[tuple[int, int]]:
        """Each (H, W) that occurs."""
        return {picture.size for picture in self._looked}

    def limits(self) -> tuple[float, float]:
        """Black and white."""
        return 0.0, 255.0

    def read(self, numbers: np.ndarray, channels: int) -> list[np.ndarray]:
        """Each float32[H,W,channels] in [0, 255]."""
        return [to_bytes_range(self._pixels(int(number), channels), self._how.depth) for number in numbers]

    def _pixels(self, number: int, channels: int) -> np.ndarray:
        kept = self._kept.get(number)
        if kept is not None and channels in (kept.shape[2], 3):  # grey of colours depends on the decoder, alpha is gone
            return with_channels(kept, channels)
        decoded = decode_image(self._read[number](), channels=channels, decoding=self._how)
        if decoded is None:
            raise ValueError(
                f"Expected picture {number} to be as it was a moment ago. Received one that cannot be decoded. Run again "
                "when the files no longer change."
            )
        return decoded


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
    how = Decoding(reading.interpolation == "nearest", reading.exif, reading.depth)
    digest, whole, unreadable = hashlib.sha256(), [], []
    looked: list[Looked] = []
    kept: dict[int, np.ndarray] = {}
    room = _KEPT
    for number, (name, content) in enumerate(zip(names, read, strict=True)):
        found = _look(content, how)
        if found is None:
            unreadable.append(name)
            continue
        picture, pixels = found
        if pixels.nbytes <= room:
            room -= pixels.nbytes
            kept[len(whole)] = pixels
        whole.append(number)
        looked.append(picture)
        digest.update(name.encode("utf-8", "surrogateescape") + b"\0" + picture.digest)
    chosen = PictureFiles([read[number] for number in whole], looked, kept, how)
    return Found(chosen, np.array(whole, np.int64), tuple(unreadable), digest.hexdigest(), _notes(looked, reading))


def file_reader(path: Path) -> Callable[[], bytes]:
    """What reads a file when it is called."""
    return lambda: read_bytes(path)


def _look(content: Callable[[], bytes], how: Decoding) -> tuple[Looked, np.ndarray] | None:
    """One that is locked, a pipe, a device or too large counts as unreadable."""
    try:
        raw = content()
        header = read_header(raw)
        pixels = decode_image(raw, decoding=how)
    except ValueError:
        return None
    if header is None or pixels is None:
        return None
    alpha = raw.startswith((b"\x89PNG", b"RIFF", b"II*", b"MM\0*")) and _has_alpha(raw)
    largest = int(pixels.max()) if pixels.dtype == np.uint16 else 0
    size = int(pixels.shape[0]), int(pixels.shape[1])
    digest = hashlib.sha256(raw).digest()
    return Looked(size, pixels.shape[2], alpha, largest, header.orientation != 1, digest), pixels


def _has_alpha(raw: bytes) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(io.BytesIO(raw)) as opened:
            return "A" in opened.mode or "transparency" in opened.info


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
