"""One picture file as pixels, with the values that Keras reads from it; the name in any script, the kind by the content.

PNG, JPEG, WebP, BMP, GIF (its first frame), TIFF and AVIF; HEIC and JPEG XL where their decoder for Pillow is installed.
Grey, RGB or with alpha, 8 or 16 bits. `image_dataset_from_directory` decodes JPEG with a faster, coarser transform than
Pillow and OpenCV do, and weighs colours otherwise where it makes them grey; what it reads is what a model was trained on,
so TensorFlow decodes these here too. `load_img` is Pillow.
"""

from __future__ import annotations

import importlib
import importlib.util
import io
import os
import re
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
from PIL import Image

from ..datasets.fingerprints import read_bytes
from ..datasets.resizing import LUMA
from ..file_limits import LIMITS, Limits
from ..opencv import opencv

KINDS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "TIFF", "AVIF")  # by content, as Pillow calls them
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".avif")
EXTRA = {  # kinds by a plug-in of Pillow: ending -> (its module, the package to install)
    ".heic": ("pillow_heif", "pillow-heif"),
    ".heif": ("pillow_heif", "pillow-heif"),
    ".jxl": ("pillow_jxl", "pillow-jxl-plugin"),
}
_GREY = ("1", "L", "LA", "I;16", "I;16B", "I")  # modes of Pillow
_ORIENTATION = 0x0112  # the tag of EXIF
_PNG_EXIF = re.compile(
    rb"eXIf|Raw profile type (exif|APP1)"
)  # without these Pillow would decode all of a PNG to look for it
_PILLOW = threading.Lock()  # Pillow's limit of pixels is one for the whole process
_BY_TENSORFLOW = ("PNG", "JPEG", "MPO")


@dataclass(frozen=True)
class Decoding:
    """How pictures become pixels."""

    as_load_img: bool = False  # as `keras.utils.load_img` (Pillow), not as `image_dataset_from_directory`
    exif: bool = False  # turned as EXIF says; Keras ignores it
    depth: int | None = None  # bits of a value in files of 16 bits


@dataclass(frozen=True)
class Header:
    """What a picture file says of itself."""

    kind: str  # one of KINDS or of a plug-in
    size: tuple[int, int]  # (H, W) as stored
    orientation: int  # of EXIF, 1 where there is none
    grey: bool
    alpha: bool


def decode_image(
    raw: bytes,
    limits: Limits = LIMITS,
    *,
    channels: int | None = None,
    decoding: Decoding | None = None,
    header: Header | None = None,
) -> np.ndarray | None:
    """Return a picture's pixels as uint8 or uint16 [H, W, C]; None if it is not whole, or no picture.

    Args:
        raw: the file's bytes; what follows the end of a whole JPEG or PNG is no part of it.
        limits: the most pixels that are taken.
        channels: 1, 3, or 4 (RGB with alpha); None: 1 of a grey picture, else 3. Alpha that is not asked for is dropped:
            the colour under transparent pixels is shown as stored.
        decoding: as which loader of Keras; the orientation in EXIF is not applied unless it says so.
        header: of the file, where it was read before.

    Raises:
        ValueError: It has more pixels than `limits` take; found before any of them is decoded.
    """
    decoding = decoding or Decoding()
    if not raw or _cut_off(raw):
        return None
    header = header or read_header(raw, limits)
    if header is None:
        return None
    pixels = _decoded(raw, header, channels, decoding)
    if pixels is None or pixels.dtype not in (np.uint8, np.uint16):
        return None
    return turned(pixels, header.orientation) if decoding.exif else pixels


def turned(pixels: np.ndarray, orientation: int) -> np.ndarray:
    """The picture [H, W, C] as EXIF's orientation, 1 to 8, says that it is to be seen."""
    if orientation in (5, 6, 7, 8):
        pixels = pixels.transpose(1, 0, 2)
    if orientation in (3, 4, 7, 8):
        pixels = pixels[::-1]
    if orientation in (2, 3, 6, 7):
        pixels = pixels[:, ::-1]
    return pixels


def in_bytes_range(pixels: np.ndarray, depth: int | None = None) -> np.ndarray:
    """Pixels in [0, 255]: bytes as they are, those of 16 bits as float32; `depth`: the bits used of 16."""
    if pixels.dtype == np.uint8:
        return pixels
    return pixels.astype(np.float32) * np.float32(255 / (2 ** (depth or 16) - 1))


def read_image(path: str | Path) -> np.ndarray:
    """Return the image in a file as float32[H, W, C] in [0, 1], C is 1 or 3."""
    pixels = decode_image(read_bytes(Path(path)))
    if pixels is None:
        raise not_a_picture(Path(path))
    return in_bytes_range(pixels) / np.float32(255)


def stored_values(path: str | Path, *, colours: bool = False) -> np.ndarray:
    """The value of each pixel as it is stored, int64[H,W]: of a palette the place in it, of a colour 0xRRGGBB.

    A coloured picture whose three channels are alike is a grey one.

    Args:
        path: A PNG, BMP, GIF or TIFF; its alpha is not looked at.
        colours: The colours themselves, also of a palette and of grey pixels.
    """
    raw = read_bytes(Path(path))
    if not raw or _cut_off(raw) or read_header(raw) is None:
        raise not_a_picture(Path(path))
    try:
        with without_pillows_warnings(), _opened(raw) as opened:
            wide = opened.mode[0] in "IF"  # more than a byte a value
            plain = wide or (opened.mode in ("1", "L", "P") and not colours)
            pixels = np.asarray(opened if plain else opened.convert("RGB"))
    except (OSError, SyntaxError, ValueError, EOFError):
        raise not_a_picture(Path(path)) from None
    if pixels.ndim == 2:
        whole = pixels.astype(np.int64)
        if not np.array_equal(whole, pixels):
            raise ValueError(
                f"Expected whole numbers at the pixels of '{path}'. Received fractions. Save the number of a class at each."
            )
        return whole
    red, green, blue = (pixels[..., channel].astype(np.int64) for channel in range(3))
    if not colours and np.array_equal(red, green) and np.array_equal(green, blue):
        return red
    return (red << 16) + (green << 8) + blue


def check_image(path: str | Path) -> None:
    """Refuse what is no whole picture; nothing is decoded, and TensorFlow not imported."""
    raw = read_bytes(Path(path))
    if not raw or _cut_off(raw) or read_header(raw) is None:
        raise not_a_picture(Path(path))


def not_a_picture(path: Path) -> ValueError:
    """The refusal of a file, with the decoder to install where its ending tells of one."""
    module, package = EXTRA.get(path.suffix.lower(), ("", ""))
    if module and importlib.util.find_spec(module) is None:
        return ValueError(
            f"Expected a picture that can be decoded. Received '{path}', whose decoder is not installed. Install it with "
            f"pip install {package}, or convert the picture to PNG."
        )
    return ValueError(
        f"Expected a PNG, JPEG, WebP or BMP image in '{path}', or GIF, TIFF or AVIF. Received a file that cannot be decoded. "
        "Check that it is whole; convert other formats to PNG."
    )


def is_picture_name(name: str) -> bool:
    """Whether a file's name ends like a picture's, also of a kind whose decoder may be missing."""
    return name.lower().endswith((*SUFFIXES, *EXTRA))


def read_header(raw: bytes, limits: Limits = LIMITS) -> Header | None:
    """What the file is, if it is of a known kind and of a size that is taken; no pixel is decoded.

    Raises:
        ValueError: It has more pixels than are taken.
    """
    with without_pillows_warnings():
        return header_of(raw, limits)


@contextmanager
def without_pillows_warnings() -> Iterator[None]:
    """Hold back what Pillow warns of: of large pictures our own limit tells, of odd EXIF nobody wants to know.

    Filters of warnings are those of the whole process: entered in the main thread, around threads that read headers.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"PIL\..*")
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        yield


def header_of(raw: bytes, limits: Limits = LIMITS) -> Header | None:
    """As `read_header`, where Pillow's warnings are held back already."""
    try:
        opened = _opened(raw, _known_kinds())
    except (OSError, SyntaxError, ValueError, KeyError):
        return None
    with opened:
        (width, height), kind, mode = opened.size, opened.format or "", opened.mode
        if width * height > limits.picture_pixels:
            raise ValueError(
                f"Expected at most {limits.picture_pixels:,} pixels in a picture. Received {width:,} x {height:,}. "
                f"Make it smaller, or raise the limit: --size-limit."
            )
        try:
            orientation = opened.getexif().get(_ORIENTATION, 1) if kind != "PNG" or _PNG_EXIF.search(raw) else 1
            alpha = "A" in mode or "transparency" in opened.info
        except (OSError, SyntaxError, ValueError, KeyError):
            return None
    return Header(kind, (height, width), orientation if orientation in range(1, 9) else 1, mode in _GREY, alpha)


def _opened(raw: bytes, kinds: tuple[str, ...] | None = None) -> Image.Image:
    """A picture whose header is read, no pixel yet; of any size, as `Limits` tells what is too large, and not Pillow."""
    with _PILLOW:
        before, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            return Image.open(io.BytesIO(raw), formats=kinds)
        finally:
            Image.MAX_IMAGE_PIXELS = before


@cache
def _known_kinds() -> tuple[str, ...]:
    """Kinds that this Pillow opens, and those of its plug-ins."""
    Image.init()
    return tuple(kind for kind in (*KINDS, *_plugged_in()) if kind in Image.OPEN)


def _plugged_in() -> tuple[str, ...]:
    """Kinds that installed plug-ins of Pillow decode."""
    kinds: list[str] = []
    for module, kind in (("pillow_heif", "HEIF"), ("pillow_jxl", "JXL")):
        if importlib.util.find_spec(module) is None:
            continue
        try:
            plugin = importlib.import_module(module)
        except ImportError:
            continue  # one that does not load decodes nothing
        if module == "pillow_heif":
            plugin.register_heif_opener()
        kinds.append(kind)
    return tuple(kinds)


def _decoded(raw: bytes, header: Header, channels: int | None, decoding: Decoding) -> np.ndarray | None:
    if header.kind in ("JPEG", "MPO") and not decoding.as_load_img:
        found = _by_tensorflow(raw, channels or 0)
        if found is not None:
            return found
    pixels = _by_pillow(raw) if header.kind in ("GIF", "AVIF", "HEIF", "JXL") else _by_opencv(raw)
    if pixels is None or pixels.shape[2] == (channels or min(pixels.shape[2], 3)):
        return pixels
    if channels == 1 and pixels.shape[2] > 1 and header.kind in _BY_TENSORFLOW and not decoding.as_load_img:
        found = _by_tensorflow(raw, 1) if pixels.dtype == np.uint8 else None
        return grey(pixels) if found is None else found
    return with_channels(pixels, channels or 3)


def with_channels(pixels: np.ndarray, channels: int) -> np.ndarray:
    """Pixels [H, W, 1, 3 or 4] with 1, 3 or 4 channels; alpha is dropped, or opaque where there was none."""
    if channels == 1:
        return grey(pixels)
    colours = np.repeat(pixels, 3, axis=2) if pixels.shape[2] == 1 else pixels
    if channels == 4 and colours.shape[2] == 3:
        opaque = np.full((*colours.shape[:2], 1), np.iinfo(pixels.dtype).max, pixels.dtype)
        return np.concatenate([colours, opaque], axis=2)
    return colours[..., :channels]


def grey(pixels: np.ndarray) -> np.ndarray:
    """Grey of [H, W, C] as Pillow weighs colours (0.299, 0.587, 0.114), rounded as it rounds; 16 bits likewise."""
    if pixels.shape[2] == 1:
        return pixels
    if pixels.dtype == np.uint8:
        red, green, blue = (pixels[..., channel].astype(np.uint32) for channel in range(3))
        return ((19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16).astype(np.uint8)[..., np.newaxis]
    return np.rint(pixels[..., :3].astype(np.float64) @ LUMA).astype(pixels.dtype)[..., np.newaxis]


def _by_tensorflow(raw: bytes, channels: int) -> np.ndarray | None:
    """As `image_dataset_from_directory` decodes; None of what TensorFlow refuses."""
    tensorflow = _tensorflow()
    try:
        return tensorflow.io.decode_image(raw, channels=channels, expand_animations=False).numpy()
    except tensorflow.errors.InvalidArgumentError:
        return None


def _tensorflow() -> Any:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # a table of contents is no place for its start-up messages
    return importlib.import_module("tensorflow")


def _by_opencv(raw: bytes) -> np.ndarray | None:
    """[H, W, 1], RGB or RGB with alpha."""
    cv2: ModuleType = opencv()
    try:
        pixels = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        return None
    if pixels is None:
        return None
    if pixels.ndim == 2:
        return pixels[..., np.newaxis]
    if pixels.shape[2] == 2:
        return pixels[..., :1]  # grey with alpha
    return pixels[..., [2, 1, 0, 3]] if pixels.shape[2] == 4 else pixels[..., ::-1]


def _by_pillow(raw: bytes) -> np.ndarray | None:
    """The first frame, RGB, or with alpha where it has any."""
    try:
        with _opened(raw) as opened:
            opened.seek(0)
            mode = "L" if opened.mode in ("1", "L") else "RGBA" if opened.mode in ("RGBA", "LA") else "RGB"
            pixels = np.asarray(opened.convert(mode))
    except (OSError, SyntaxError, ValueError, EOFError):
        return None
    return pixels[..., np.newaxis] if pixels.ndim == 2 else pixels


def _cut_off(raw: bytes) -> bool:
    """Whether a JPEG or PNG ends before its end mark; some decoders fill the rest with grey, silently.

    A thumbnail inside of a JPEG has an end mark of its own, which does not count.
    """
    if raw.startswith(b"\xff\xd8"):
        return raw.find(b"\xff\xd9", _start_of_scan(raw)) < 0
    return raw.startswith(b"\x89PNG") and not _has_end_chunk(raw)


def _start_of_scan(raw: bytes) -> int:
    """Where the coded pixels of a JPEG begin: behind the segments, which tell their lengths."""
    place = 2
    while place + 4 <= len(raw) and raw[place] == 0xFF:
        marker, length = raw[place + 1], int.from_bytes(raw[place + 2 : place + 4], "big")
        if marker == 0xFF:  # a byte that fills
            place += 1
            continue
        place += 2 + length
        if marker == 0xDA:
            return place
    return min(place, len(raw))


def _has_end_chunk(raw: bytes) -> bool:
    place = 8
    while place + 12 <= len(raw):
        if raw[place + 4 : place + 8] == b"IEND":
            return True
        place += 12 + int.from_bytes(raw[place : place + 4], "big")
    return False
