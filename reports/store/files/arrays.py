"""Maps and activations as zarr 3: one shard a unit, so that no two writers touch one file.

A shard of zeros is written too (`write_empty_chunks`, and NaN as what is not there): else a unit without evidence would look
like one that was never done. Inner chunks of 256 images, zstd at level 0: the smallest and the fastest of those measured.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from .durable import sync_down_to
from .needed import needed
from .units import Unit

MAPS, ACTIVATIONS = "maps", "activations"
_CHUNK = 256  # images of an inner chunk


def zarr() -> Any:
    """The library.

    Raises:
        ImportError: It is not installed; the message says how.
    """
    return needed("zarr", "zarr 3", ", which keeps maps")


def create_array(
    root: Path,
    name: str,
    shape: tuple[int, ...],
    dtype: str,
    *,
    unit_images: int,
    dimensions: tuple[str, ...],
    attributes: Mapping[str, Any],
) -> None:
    """Make an empty array in the store.

    Args:
        root: The store.
        name: Path of the array within it, such as 'maps/saliency'.
        shape: (all images, ...).
        dtype: 'float32' or 'float16'.
        unit_images: Images of a unit, which are one shard.
        dimensions: A name for each axis.
        attributes: Layer, unit of the numbers, target, hashes.
    """
    library = zarr()
    library.create_array(
        store=str(root),
        name=name,
        shape=shape,
        chunks=(_inner(unit_images), *shape[1:]),
        shards=(unit_images, *shape[1:]),
        dtype=dtype,
        compressors=[library.codecs.ZstdCodec(level=0)],
        fill_value=float("nan"),
        dimension_names=dimensions,
        attributes=dict(attributes),
        config={"write_empty_chunks": True},
    )
    sync_down_to(root / name / "zarr.json", root)


def _inner(unit_images: int) -> int:
    """Images of an inner chunk, of which a shard has a whole number: 256 of 8,192, 150 of 300; all of a prime number."""
    found = max(size for size in range(1, min(_CHUNK, unit_images) + 1) if unit_images % size == 0)
    return found if found >= _CHUNK // 8 else unit_images


def opened(root: Path, name: str, mode: str = "r") -> Any:
    """An array of the store."""
    return zarr().open_array(store=str(root / name), mode=mode, config={"write_empty_chunks": True})


def write_rows(root: Path, name: str, unit: Unit, values: np.ndarray) -> str:
    """Write the shard of a unit for good; its path within the store."""
    opened(root, name, "r+")[unit.start : unit.stop] = values
    shard = f"{name}/c/{unit.number}" + "/0" * (values.ndim - 1)
    sync_down_to(root / shard, root)
    return shard
