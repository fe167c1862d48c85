"""From the bytes of a picture, or from numbers, to what the model takes; anything else is refused in words.

Pictures are brought to the size and range that the model was trained with, as the data of the commands are; what was done
is told in the answer. Orientation in EXIF is ignored, as Keras ignores it, unless `--exif` says otherwise.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from featurelens.models.datasets.resizing import Resizing
from featurelens.models.file_limits import Limits
from featurelens.models.formats.image_files import Decoding, Header, decode_image, in_bytes_range
from featurelens.models.formats.preprocessing import Preprocessing
from featurelens.models.formats.stored_images import in_range
from featurelens.scripts.serving.answers.picture_header import picture_header

_SLACK = 1e-4  # of the range, that numbers may lie outside of it
_EXIF_ORIENTATION = 0x0112


class BadPicture(ValueError):
    """What was sent is no picture that the model can take; `status` is that of HTTP."""

    def __init__(self, message: str, status: int = 422) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True, eq=False)
class ModelPicture:
    """A picture as the model takes it."""

    pixels: np.ndarray  # float32[H,W,C]
    received: tuple[int, int]  # (H, W)
    changed: str  # what was done to it beside its range; '' for nothing


@dataclass(frozen=True, eq=False)
class PictureReader:
    """How pictures become what a model takes."""

    shape: tuple[int | None, int | None, int]  # (H, W, C); None for a size left open
    value_range: tuple[float, float]  # (black, white)
    resizing: Resizing = field(default_factory=Resizing)
    preprocessing: Preprocessing | None = None  # in the place of the range
    exif: bool = False
    most_pixels: int = 16_000_000  # of a picture, before it is decoded
    only_numbers: bool = False  # whether nothing tells what a decoded picture's 0 to 255 are in the model's range

    def picture(self, raw: bytes) -> ModelPicture:
        """Decode the bytes of a PNG, JPEG or WebP.

        Raises:
            BadPicture: It is none, not whole, or too large.
        """
        self._require_range()
        header = picture_header(raw)
        if header is None:
            what = f"{len(raw):,} bytes of something else" if raw else "0 bytes"
            raise BadPicture(
                f"Expected a PNG, JPEG or WebP picture. Received {what}. Convert it, or send it whole.", 415
            )
        height, width = header.size
        if not 0 < height * width <= self.most_pixels:
            raise BadPicture(
                f"Expected a picture of at most {self.most_pixels:,} pixels. Received {height:,} x {width:,}. Make it smaller.",
                413,
            )
        if self.exif and header.kind == "JPEG":
            header = replace(header, orientation=_orientation(raw))
        decoding = Decoding(self.resizing.interpolation == "nearest", self.exif)
        limits = Limits(picture_pixels=self.most_pixels)
        pixels = decode_image(raw, limits, channels=self.shape[2], decoding=decoding, header=header)
        if pixels is None or pixels.shape[0] * pixels.shape[1] != height * width:
            raise BadPicture(
                f"Expected a whole picture. Received a {header.kind} that cannot be decoded. Send it again."
            )
        fitted, lost = self._fitted(in_bytes_range(pixels)), self._lost(header)
        return replace(fitted, changed="; ".join(filter(None, [*lost, fitted.changed]))) if lost else fitted

    def _lost(self, header: Header) -> list[str]:
        """What of a picture the model's channels have no place for."""
        grey = ["made grey"] if self.shape[2] == 1 and not header.grey else []
        return [*grey, "alpha left out"] if header.alpha and self.shape[2] < 4 else grey

    def numbers(self, given: np.ndarray) -> ModelPicture:
        """Take the numbers of one picture, [H,W,C] or [H,W]: in the model's range; uint8 from 0 to 255.

        Raises:
            BadPicture: They have another shape, or lie outside of the range.
        """
        channels = self.shape[2]
        pixels = given[..., np.newaxis] if given.ndim == 2 and channels == 1 else given
        if pixels.ndim != 3 or pixels.shape[2] != channels or 0 in pixels.shape:
            raise BadPicture(
                f"Expected numbers of shape {self.words}. Received {list(given.shape)}. Send one such array a picture."
            )
        if pixels.shape[0] * pixels.shape[1] > self.most_pixels:
            raise BadPicture(
                f"Expected at most {self.most_pixels:,} pixels. Received {list(given.shape)}. Make it smaller.", 413
            )
        if pixels.dtype == np.uint8:
            self._require_range()
            return self._fitted(pixels)
        pixels = pixels.astype(np.float32)
        self._require_own_range(pixels)
        return self._sized(pixels)

    def _require_own_range(self, pixels: np.ndarray) -> None:
        """Pass pixels within the model's range, as far as it has one."""
        low, high = self.value_range
        slack = _SLACK * (high - low)
        smallest, largest = float(pixels.min()), float(pixels.max())
        if not (np.isfinite(smallest) and np.isfinite(largest)) or (
            self.preprocessing is None and (smallest < low - slack or largest > high + slack)
        ):
            raise BadPicture(
                f"Expected pixels from {low:g} to {high:g}, the model's range. Received {smallest:g} to {largest:g}. "
                f"Scale them, or send a picture file or UINT8."
            )

    def _require_range(self) -> None:
        if self.only_numbers:
            raise BadPicture(
                "Expected numbers as the model takes them: it is served with --scale stored. Received pixels from 0 to 255. "
                "Send floating point numbers, or start the service with the model's --scale or --preprocess.",
                415,
            )

    @property
    def words(self) -> str:
        """The shape that is taken, such as '[28, 28, 1]'."""
        return "[" + ", ".join("any" if axis is None else str(axis) for axis in self.shape) + "]"

    def _fitted(self, pixels: np.ndarray) -> ModelPicture:
        """Pixels [H,W,C] from 0 to 255 at the model's size and range."""
        if self.preprocessing is None and pixels.shape[:2] == self.shape[:2]:  # as most are, and in one operation
            made = in_range(pixels, 255.0, *self.value_range)
            return ModelPicture(made.astype(np.float32, copy=False), (int(pixels.shape[0]), int(pixels.shape[1])), "")
        sized = self._sized(pixels)
        if self.preprocessing is not None:
            made = self.preprocessing(sized.pixels[np.newaxis])[0]
        else:
            made = in_range(sized.pixels, 255.0, *self.value_range)
        return ModelPicture(made.astype(np.float32, copy=False), sized.received, sized.changed)

    def _sized(self, pixels: np.ndarray) -> ModelPicture:
        have = int(pixels.shape[0]), int(pixels.shape[1])
        want = self.shape[0] or have[0], self.shape[1] or have[1]
        if have == want:
            return ModelPicture(np.asarray(pixels, np.float32), have, "")
        resized = self.resizing(pixels[np.newaxis], *want)[0]
        return ModelPicture(resized, have, f"brought from {have[0]}x{have[1]} to {want[0]}x{want[1]}, {self.resizing}")


def _orientation(raw: bytes) -> int:
    """Of a JPEG, whose header is read by Pillow without decoding it."""
    from PIL import Image

    try:
        with Image.open(io.BytesIO(raw), formats=("JPEG",)) as opened:
            found: Any = opened.getexif().get(_EXIF_ORIENTATION, 1)
    except (OSError, SyntaxError, ValueError, KeyError, Image.DecompressionBombError):
        return 1
    return found if found in range(1, 9) else 1
