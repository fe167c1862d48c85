"""Where the object of each image is: masks in a NumPy file, boxes in one, or a folder of mask pictures named like the images."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np

from ...file_limits import require_regular_file
from ..array_files import array_of
from ..image_files import is_picture_name, read_image
from .shapes import Size, refuse_other_shape


def read_masks(
    source: str | Path,
    size: Size,
    names: Sequence[str] = (),
    *,
    pictures: np.ndarray | None = None,
    fit: str = "stretch",
) -> np.ndarray:
    """The objects of some images, in their order.

    Args:
        source: A `.npy` file, or a `.npz` of one array: masks [B,H,W], of any size, where what is not 0 is the object; or boxes
            [B,4], left, top, right and bottom in pixels of `size`. Or a folder of pictures of masks, each called as its image
            is, in the same folders, with any ending: black is no object.
        size: (H, W) of the images as the model takes them; mask pictures are brought to it, each pixel as the nearest one is.
        names: Of the images' files, which a folder is held against.
        pictures: int64[B,2], (H, W) of each image as it is stored, where they were resized to `size`.
        fit: How they were: 'stretch', 'crop' or 'pad'.

    Returns:
        bool[B,H,W]; or the boxes, float64[B,4].

    Raises:
        ValueError: There is no such file, or it holds something else; a mask is missing, or of another shape than its picture;
            images have no names of their own.
    """
    path = Path(source)
    fits = partial(refuse_other_shape, size=size, pictures=pictures, fit=fit)
    if path.is_dir():
        return _of_folder(path, size, names, fits)
    require_regular_file(path)
    if path.suffix.lower() not in (".npy", ".npz"):
        raise ValueError(
            f"Expected masks as a .npy or .npz file, or a folder of mask pictures. Received '{path}'. Save them by "
            f"np.save('masks.npy', masks), bool[B,H,W], or boxes as float[B,4]."
        )
    found = _of_array(array_of(path), path)
    for number in range(len(found) if found.ndim == 3 else 0):
        fits(found.shape[1:], number, f"mask {number} of '{path}'")
    return found


def _of_array(found: np.ndarray, path: Path) -> np.ndarray:
    if found.ndim == 4 and found.shape[-1] == 1:
        found = found[..., 0]
    if found.ndim == 2 and found.shape[1] == 4 and found.dtype.kind in "iuf":
        return found.astype(np.float64)
    if found.ndim != 3 or found.dtype.kind not in "biuf":
        raise ValueError(
            f"Expected masks [B,H,W] or boxes [B,4] in '{path}'. Received {found.dtype}{list(found.shape)}. Save one mask for "
            f"each image, or left, top, right and bottom of one box."
        )
    return found != 0


def _of_folder(folder: Path, size: Size, names: Sequence[str], fits: Callable[..., None]) -> np.ndarray:
    if not names:
        raise ValueError(
            f"Expected images with file names, which the masks in '{folder}' are held against. Received images out of one file. "
            f"Give the masks as masks.npy, bool[B,H,W], in the order of the images."
        )
    known = {
        _stem(path.relative_to(folder).as_posix()): path for path in folder.rglob("*") if is_picture_name(path.name)
    }
    missing = [name for name in names if _stem(name) not in known]
    if missing:
        raise ValueError(
            f"Expected a mask for each image in '{folder}', called as the image is. Received none for '{missing[0]}' and "
            f"{len(missing) - 1} others. Save a black picture for an image without an object."
        )
    masks = []
    for number, name in enumerate(names):
        mask = read_image(known[_stem(name)]).max(axis=2) > 0
        fits(mask.shape, number, f"'{known[_stem(name)]}'")
        masks.append(nearest(mask, size))
    return np.stack(masks)


def _stem(name: str) -> str:
    return PurePosixPath(name).with_suffix("").as_posix()


def nearest(mask: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """A mask [h,w] at another size (H, W), each pixel as the nearest one is."""
    rows, columns = (
        np.minimum(((np.arange(new) + 0.5) * old / new).astype(int), old - 1)
        for old, new in zip(mask.shape, size, strict=True)
    )
    return mask[rows][:, columns]
