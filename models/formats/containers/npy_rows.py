"""Arrays in NumPy's files of which only the rows that are asked for are read, and what their headers claim."""

from __future__ import annotations

import itertools
import math
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

LARGE = 64 * 2**20  # bytes: larger arrays are read row by row
MAGIC = np.lib.format.MAGIC_PREFIX


class NpyRows:
    """An array in a file, of which only the rows that are asked for are read.

    Args:
        path: the file.
        start: where the array's values begin, bytes.
        shape: of the array, in the order of C.
        dtype: of its values.
    """

    def __init__(self, path: Path, start: int, shape: tuple[int, ...], dtype: np.dtype) -> None:
        self._path, self._start, self.shape, self.dtype = path, start, shape, dtype
        self._row = math.prod(shape[1:])

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, rows: Any) -> np.ndarray:
        numbers = np.arange(len(self))[rows]
        if numbers.ndim == 0:
            return self[int(numbers) : int(numbers) + 1][0]
        found = np.empty((len(numbers), *self.shape[1:]), self.dtype)
        with self._path.open("rb") as file:
            for first, last in runs(numbers):
                file.seek(self._start + int(numbers[first]) * self._row * self.dtype.itemsize)
                part = np.fromfile(file, self.dtype, (last - first) * self._row)
                found[first:last] = part.reshape(-1, *self.shape[1:])
        return found


def runs(numbers: np.ndarray) -> list[tuple[int, int]]:
    """Stretches of rows that follow each other, as (first, behind the last) places in `numbers`."""
    ends = np.flatnonzero(np.diff(numbers) != 1) + 1
    places = [0, *ends.tolist(), len(numbers)]
    return [(first, last) for first, last in itertools.pairwise(places) if last > first]


def rows_of_npy(path: Path) -> NpyRows | None:
    """The array of a large `.npy` file; None where it is small, or cannot be read row by row."""
    if path.stat().st_size <= LARGE:
        return None
    with path.open("rb") as file:
        return _rows_at(file, path, path.stat().st_size)


def _rows_at(file: Any, path: Path, size: int) -> NpyRows | None:
    """The array that begins where the file stands; None where it cannot be read row by row."""
    start = file.tell()
    try:
        require_claim(file, size, str(path))
        file.seek(start)
        header = array_header(file)
    except (OSError, ValueError) as error:
        raise refusal(path, error) from error
    if header is None:
        return None
    shape, fortran, dtype = header
    if fortran or dtype.hasobject or not shape:
        return None
    return NpyRows(path, file.tell(), shape, dtype)


def array_header(file: Any) -> tuple[tuple[int, ...], bool, np.dtype] | None:
    """(shape, in Fortran's order, type) of the array that begins where the file stands; None of a later version."""
    read = {1: np.lib.format.read_array_header_1_0, 2: np.lib.format.read_array_header_2_0}
    major, _ = np.lib.format.read_magic(file)
    return read[major](file) if major in read else None


def rows_of_member(path: Path, key: str) -> NpyRows | None:
    """A large array of a `.npz` that is stored as it is (`np.savez`), to be read row by row; None of others."""
    with zipfile.ZipFile(path) as archive, path.open("rb") as file:
        names = [entry for entry in archive.infolist() if entry.filename in (f"{key}.npy", key)]
        if not names or names[0].compress_type != zipfile.ZIP_STORED or names[0].file_size <= LARGE:
            return None
        file.seek(names[0].header_offset + 26)
        lengths = np.frombuffer(file.read(4), "<u2")  # of the name and of the extra field behind the local header
        file.seek(names[0].header_offset + 30 + int(lengths.sum()))
        return _rows_at(file, path, names[0].file_size)


def require_claim(file: Any, size: int, name: str) -> None:
    """Refuse an array whose header says that it is larger than its file: NumPy would take memory for all of it."""
    header = array_header(file)
    if header is None:
        return  # NumPy names a version that it does not know
    shape, _, dtype = header
    if not dtype.hasobject and math.prod(shape) * dtype.itemsize > size:
        raise ValueError(
            f"its header claims {list(shape)} values of {dtype}, {math.prod(shape) * dtype.itemsize:,} bytes, where "
            f"'{name}' has {size:,}"
        )


def shape_in(arrays: np.lib.npyio.NpzFile, key: str, path: Path) -> tuple[int, ...]:
    """The shape of an array in an archive, without its values; () of what is no array."""
    try:
        archive: Any = arrays.zip
        with archive.open(f"{key}.npy" if f"{key}.npy" in archive.namelist() else key) as member:
            header = array_header(member)
    except (OSError, EOFError, ValueError, NotImplementedError, RuntimeError, zipfile.BadZipFile) as error:
        raise refusal(path, error) from error
    return () if header is None else header[0]


def refusal(path: Path, error: Exception) -> ValueError:
    """What to tell of a file that NumPy does not take."""
    if "pickle" in str(error).lower():
        return ValueError(
            f"Expected an array of numbers in '{path}'. Received Python objects (a pickle), which could run code and are "
            "never loaded. Save it again as numbers, as in np.save(path, np.stack(images).astype(np.uint8))."
        )
    return ValueError(f"Expected a NumPy file at '{path}'. Received '{error}'. Check the path, or save it again.")
