"""One image file as pixels: PNG, JPEG, WebP or BMP, grey or RGB, 8 or 16 bits, the name in any script."""

from __future__ import annotations

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image

from ..datasets.fingerprints import read_bytes
from ..file_limits import LIMITS, Limits
from ..opencv import opencv

KINDS = ("PNG", "JPEG", "WEBP", "BMP")  # by content
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp")


def decode_image(raw: bytes, limits: Limits = LIMITS) -> np.ndarray | None:
    """Return an image file's pixels as uint8 or uint16 [H, W, 1] (grey) or [H, W, 3] (RGB); None if it is not whole.

    Alpha is dropped: the colour under transparent pixels is shown as stored. The orientation in EXIF is not applied,
    as Keras's own loaders do not apply it. What the file is follows from its content; one of another kind, whatever its
    name, is not decoded.

    Raises:
        ValueError: It has more pixels than `limits` take; found before any of them is decoded.
    """
    if not raw or _cut_off(raw) or not _is_of_known_kind(raw, limits):
        return None
    cv2 = opencv()
    try:
        pixels = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    if pixels is None or pixels.dtype not in (np.uint8, np.uint16):
        return None
    if pixels.ndim == 2:
        return pixels[..., np.newaxis]
    return pixels[..., :1] if pixels.shape[2] == 2 else pixels[..., 2::-1]  # grey + alpha, or BGR(A)


def to_unit_range(pixels: np.ndarray) -> np.ndarray:
    """Return pixels of an unsigned type as float32 of the same shape in [0, 1]: its largest value becomes 1."""
    return pixels.astype(np.float32) / np.float32(np.iinfo(pixels.dtype).max)


def read_image(path: str | Path) -> np.ndarray:
    """Return the image in a file as float32[H, W, C] in [0, 1], C is 1 or 3."""
    pixels = decode_image(read_bytes(Path(path)))
    if pixels is None:
        raise ValueError(
            f"Expected a PNG, JPEG, WebP or BMP image in '{path}', got a file that cannot be decoded. "
            "Check that it is whole; convert other formats to PNG."
        )
    return to_unit_range(pixels)


def _is_of_known_kind(raw: bytes, limits: Limits) -> bool:
    """Whether the content is one of the documented kinds, of a size that is taken; only its header is read."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)  # our own limit is told below
        try:
            with Image.open(io.BytesIO(raw), formats=KINDS) as opened:
                width, height = opened.size
        except Image.DecompressionBombError as error:
            raise ValueError(
                f"Expected at most {limits.picture_pixels:,} pixels in a picture. Received more."
            ) from error
        except (OSError, SyntaxError, ValueError):
            return False
    if width * height > limits.picture_pixels:
        raise ValueError(
            f"Expected at most {limits.picture_pixels:,} pixels in a picture. Received {width:,} x {height:,}. "
            f"Make it smaller, or raise the limit: --size-limit."
        )
    return True


def _cut_off(raw: bytes) -> bool:
    """Whether a JPEG or PNG ends before its end mark; some versions of OpenCV fill the rest with grey, silently."""
    later_half = raw[len(raw) // 2 :]
    if raw.startswith(b"\xff\xd8"):
        return b"\xff\xd9" not in later_half
    return raw.startswith(b"\x89PNG") and b"IEND" not in later_half
