"""A NIfTI file (.nii, .nii.gz) as a volume, read by nibabel where that is installed."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path
from typing import Any

import numpy as np

from ...file_limits import LIMITS, require_regular_file, require_unpacked, too_large

ENDINGS = (".nii", ".nii.gz")


def read_scan(path: Path) -> tuple[np.ndarray, tuple[float, ...]]:
    """The values float32[D,H,W] or [D,H,W,C] in the file's own order of axes, and the size of a voxel along each, mm.

    Values are scaled as the header says (`scl_slope`, `scl_inter`), and not turned to any orientation.

    Raises:
        ValueError: nibabel is not installed; it is no NIfTI file, not whole, or has other axes.
    """
    require_nibabel(path)
    require_regular_file(path)
    import nibabel

    try:
        found: Any = nibabel.load(path)
        shape = tuple(found.shape)
        _require_size(path, math.prod(shape) * found.get_data_dtype().itemsize)
        values = np.asarray(found.dataobj, np.float32)
        spacing = tuple(float(size) for size in found.header.get_zooms()[:3])
    except (OSError, EOFError, TypeError, *_unreadable()) as error:
        raise ValueError(
            f"Expected a NIfTI file at '{path}'. Received '{error}'. Check that it is whole; dcm2niix turns DICOM into NIfTI."
        ) from error
    if values.ndim not in (3, 4):
        raise ValueError(
            f"Expected a volume of three axes in '{path}', or of four, the last one channels. Received {list(values.shape)}. "
            f"Save one volume in a file."
        )
    return values, spacing


def _unreadable() -> tuple[type[Exception], ...]:
    """What nibabel raises of a file that is none."""
    from nibabel.filebasedimages import ImageFileError
    from nibabel.spatialimages import HeaderDataError

    return ImageFileError, HeaderDataError


def require_nibabel(path: Path) -> None:
    """Refuse what only nibabel reads, where it is not installed.

    Raises:
        ValueError: With how to get it.
    """
    if importlib.util.find_spec("nibabel") is None:
        raise ValueError(
            f"Expected the package nibabel, with which the NIfTI file '{path}' is read. It is not installed. Install it: pip "
            f'install "featurelens[volumes]"; or save the volumes with np.savez(path, images=..., labels=...).'
        )


def _require_size(path: Path, claimed: int) -> None:
    """Refuse a header that claims more than is taken, before memory is."""
    packed = path.stat().st_size
    if path.name.endswith(".gz"):
        require_unpacked(str(path), packed, claimed)
    elif claimed > LIMITS.file_bytes:
        raise too_large(str(path), claimed, LIMITS.file_bytes)
    elif claimed > packed:
        raise ValueError(
            f"Expected {claimed:,} bytes of values in '{path}', as its header says. Received a file of {packed:,}. Check that it "
            f"is whole."
        )
