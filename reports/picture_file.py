"""Pictures and arrays as files, whole or not at all."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..models.opencv import opencv
from .report_file import write_bytes_whole


def write_picture(path: Path, picture: np.ndarray) -> None:
    """Write uint8[H,W,3] RGB as PNG, JPEG or WebP, as the name ends.

    Raises:
        ValueError: The name ends in something else.
    """
    if path.suffix.lower() not in (".png", ".jpg", ".jpeg", ".webp"):
        raise ValueError(
            f"Expected a picture's name ending in .png, .jpg or .webp. Received '{path}'. Change the ending."
        )
    cv2 = opencv()
    smaller = [cv2.IMWRITE_PNG_COMPRESSION, 6] if path.suffix.lower() == ".png" else []  # 6 times smaller than without
    _, data = cv2.imencode(path.suffix.lower(), np.ascontiguousarray(picture[..., ::-1]), smaller)
    write_bytes_whole(path, data.tobytes())


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Write named arrays as compressed .npz.

    Raises:
        ValueError: The name does not end in .npz.
    """
    if path.suffix.lower() != ".npz":
        raise ValueError(f"Expected a name ending in .npz for arrays. Received '{path}'. Change the ending.")
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    write_bytes_whole(path, buffer.getvalue())
