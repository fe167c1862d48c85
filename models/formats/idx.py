"""IDX, the format of the MNIST family: a header (type, axes, lengths), then the values, often inside gzip.

Images and labels are two files, found beside each other by their names. Source: LeCun, Cortes, Burges, "The MNIST
database", http://yann.lecun.com/exdb/mnist (the format is described there).
"""

from __future__ import annotations

import gzip
import io
import math
import zlib
from pathlib import Path

import numpy as np

from ..datasets.fingerprints import fingerprint, read_bytes
from ..file_limits import LIMITS, Limits, require_unpacked
from .array_files import stored_arrays
from .reading import Reading
from .stored_images import StoredImages

TYPES = {8: ">u1", 9: ">i1", 11: ">i2", 12: ">i4", 13: ">f4", 14: ">f8"}  # third byte of the file -> big-endian dtype
GZIP_MAGIC = b"\x1f\x8b"


def read_idx(path: str | Path) -> np.ndarray:
    """Read an IDX file, gzipped or not, as an array of the axes and type in its header (images: uint8[B, H, W])."""
    path = Path(path)
    return parse_idx(unzipped(read_bytes(path), str(path)), str(path))


def unzipped(raw: bytes, name: str, limits: Limits = LIMITS) -> bytes:
    """Return the content of gzipped bytes; bytes that are not gzip pass unless `name` ends in '.gz'.

    No more is unpacked than `limits` take, so that a small file cannot fill the memory.
    """
    if not raw.startswith(GZIP_MAGIC):
        if name.endswith(".gz"):
            raise ValueError(
                f"Expected gzip in '{name}'. Received a file that starts with {raw[:4]!r}. "
                "Remove '.gz' from its name if it is not compressed, or fetch it again."
            )
        return raw
    most = limits.most_unpacked(len(raw))
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as packed:
            content = packed.read(most + 1)
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(
            f"Expected a whole gzip file in '{name}'. Received a truncated or damaged one ({error}). Fetch it again."
        ) from error
    require_unpacked(name, len(raw), len(content), limits)
    return content


def parse_idx(payload: bytes, name: str) -> np.ndarray:
    """Return the array in the bytes of an IDX file (not gzipped); `name` is for the messages.

    Example: the bytes 00 00 08 01, 00 00 00 02, 07 09 are uint8[2] = [7, 9].
    """
    dtype, axes = _header(payload, name)
    lengths = tuple(int(length) for length in np.frombuffer(payload, ">u4", axes, offset=4))
    start = 4 + 4 * axes
    expected = start + math.prod(lengths) * dtype.itemsize
    if len(payload) != expected:
        fault = "truncated" if len(payload) < expected else "with trailing data"
        raise ValueError(
            f"Expected {expected} bytes in the IDX file '{name}' for its shape {list(lengths)}. Received {len(payload)}: "
            f"a file {fault}. Fetch it again."
        )
    return np.frombuffer(payload, dtype, offset=start).reshape(lengths).astype(dtype.newbyteorder("="))


def _header(payload: bytes, name: str) -> tuple[np.dtype, int]:
    """Return the type of the values and the number of axes."""
    magic = payload[:4]
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in TYPES or magic[3] == 0:
        raise ValueError(
            f"Expected an IDX file (first bytes 00 00, a type from 08 to 0e, the number of axes) in '{name}'. "
            f"Received first bytes '{magic.hex(' ')}'. Check that it is an IDX file such as train-images-idx3-ubyte."
        )
    axes = magic[3]
    if len(payload) < 4 + 4 * axes:
        raise ValueError(
            f"Expected {4 + 4 * axes} bytes of header in the IDX file '{name}'. Received {len(payload)}: "
            "a file truncated. Fetch it again."
        )
    return np.dtype(TYPES[magic[2]]), axes


PATTERNS = ("*images*ubyte", "*images*ubyte.gz", "*images*.idx", "*images*.idx.gz")


def stored_idx_pair(images_path: Path, labels_path: Path, reading: Reading) -> StoredImages:
    """Two IDX files, gzipped or not."""
    paths = images_path, labels_path
    contents = [read_bytes(path) for path in paths]
    images, labels = (parse_idx(unzipped(raw, str(path)), str(path)) for raw, path in zip(contents, paths, strict=True))
    files = tuple(fingerprint(path, raw) for raw, path in zip(contents, paths, strict=True))
    return stored_arrays(images, labels, f"IDX files {paths[0]}, {paths[1].name}", reading, files=files)


def idx_files(folder: Path) -> list[Path]:
    """Return the IDX files of images in a folder, by their names (as in train-images-idx3-ubyte.gz)."""
    return sorted(path for pattern in PATTERNS for path in folder.glob(pattern) if path.is_file())


def stored_idx_folder(folder: Path, reading: Reading) -> StoredImages:
    """The one IDX pair of a folder; where there are several, the caller must name one, or a split in their names."""
    found = [path for path in idx_files(folder) if reading.split is None or reading.split in path.name.lower()]
    if len(found) != 1:
        names = ", ".join(path.name for path in found) or "none"
        raise ValueError(
            f"Expected one IDX file of images in '{folder}'. Received {names}. "
            "Pass the file itself; its labels are looked for beside it."
        )
    return stored_idx_pair(found[0], idx_partner(found[0]), reading)


def stored_idx(images_path: Path, reading: Reading) -> StoredImages:
    """Images with the labels that are named as they are."""
    return stored_idx_pair(*idx_pair(images_path), reading)


def idx_pair(images_path: Path) -> tuple[Path, Path]:
    """The images, and the labels that are named as they are."""
    return images_path, idx_partner(images_path)


def idx_partner(images_path: Path) -> Path:
    """Return the path of the labels beside an IDX file of images (train-images-idx3-... -> train-labels-idx1-...)."""
    partner = images_path.with_name(images_path.name.replace("images", "labels").replace("idx3", "idx1"))
    choices = (partner, partner.with_name(partner.name.removesuffix(".gz")), partner.with_name(partner.name + ".gz"))
    for choice in choices:
        if choice.is_file() and choice != images_path:
            return choice
    raise ValueError(
        f"Expected the labels of '{images_path}' beside it as '{partner.name}'. Received no such file. "
        "Pass both, as in IMAGES,LABELS."
    )
