"""How large a store will be, before it is begun: all activations of many images fill any disk."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ...models.visible_text import visible

MOST_GIGABYTES = 100.0  # of a store, unless `--max-store` says otherwise
_ROW = 100  # bytes of an image's row in the table, beside logits and probabilities


def expected_bytes(images: int, classes: int, arrays: Mapping[str, tuple[int, ...]], dtype: str) -> dict[str, int]:
    """{what: its bytes before compression}.

    Args:
        images: How many there are.
        classes: K.
        arrays: {name of an array: its shape for one image}.
        dtype: Of these.

    Example:
        >>> expected_bytes(10, 2, {"maps/saliency": (28, 28)}, "float16")["maps/saliency"]
        15680
    """
    width = np.dtype(dtype).itemsize
    sizes = {name: images * int(np.prod(shape)) * width for name, shape in arrays.items()}
    return {"tables": images * (_ROW + 8 * classes), **sizes}


def check_size(root: Path, sizes: Mapping[str, int], images: int, most: float = MOST_GIGABYTES) -> None:
    """Refuse a store that would be too large.

    Args:
        root: The store, which may not exist yet.
        sizes: From `expected_bytes`.
        images: How many there are.
        most: Gigabytes (10^9 bytes).

    Raises:
        ValueError: It would be larger than `most`, or than what is free on the disk.
    """
    total = sum(sizes.values())
    parent = next(folder for folder in (root, *root.absolute().parents) if folder.exists())
    free = shutil.disk_usage(parent).free
    if total <= min(most * 1e9, free):
        return
    largest = max(sizes, key=lambda name: sizes[name])
    limit = f"{most:g} GB (--max-store)" if most * 1e9 < free else f"{free / 1e9:.1f} GB, which are free on the disk"
    raise ValueError(
        f"Expected a store of at most {limit}. Received a wish for {total / 1e9:.3g} GB before compression, for {images:,} "
        f"images; '{visible(largest, 60)}' alone is {sizes[largest] / 1e9:.3g} GB. Keep maps in the place of activations "
        f"(--method hirescam), keep float16 (--dtype float16), take a sample of the data, or raise --max-store."
    )
