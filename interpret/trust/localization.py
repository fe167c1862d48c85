"""Does a map lie on the object? Where a mask or a box tells where the object is.

Pointing game: Zhang, Bargal, Lin, Brandt, Shen, Sclaroff, "Top-Down Neural Attention by Excitation Backprop", IJCV 2018,
arXiv:1608.00507, section 4.1. A map hits where its largest value lies in the object, or within some pixels of it (theirs: 15).

Relevance mass and rank: Arras, Osman, Samek, "CLEVR-XAI: A benchmark dataset for the ground truth evaluation of neural network
explanations", Information Fusion 2022, arXiv:2003.07258, section 3.2. With R the map at the K pixels of the object O:

    mass = sum of R over O / sum of R over all pixels                  (eq. 3)
    rank = |pixels of the K largest R that lie in O| / K               (eq. 4)

Departures: a map that is coarser than the mask is enlarged to it bilinearly. Mass is of the positive evidence, as a signed map
has no total to take a share of. Pixels that tie are shared out evenly, so that the order of pixels in memory decides nothing.
A map that says nothing is left out: one of a single value for pointing and rank, one without positive evidence for mass. An
object of no pixel, or of all of them, asks nothing, and is left out too.

A map that knows nothing of the object gets, in the mean, the object's share of the pixels, in all three: read them beside it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ... import Record
from ...kinds import checks_kinds
from ..arguments import at_least
from ..maps.resampling import enlarged

_STRETCHED = 1.25  # how far the sides of a map may be in another ratio than those of its mask, beside a pixel
_TIE = 1e-6  # of a map's largest value without its sign: nearer than this, two pixels differ by rounding


@dataclass(frozen=True, eq=False)
class Localization(Record):
    """How maps lie on the objects, image by image."""

    pointing: np.ndarray  # float32[B], 1 where the peak lies in the object, 0 where not; NaN where nothing can be said
    mass: np.ndarray  # float32[B], share of the positive evidence that lies in it, 0..1; NaN likewise
    rank: np.ndarray  # float32[B], share of the object among as many strongest pixels, 0..1; NaN likewise
    share: np.ndarray  # float32[B], of the pixels that are the object: what a map that knows nothing gets


@checks_kinds
def localization(maps: np.ndarray, masks: np.ndarray, *, tolerance: int = 0) -> Localization:
    """All three measures of maps beside the masks of their objects.

    Args:
        maps: float32[B,h,w], signed or not; large values speak for the class.
        masks: bool[B,H,W], where the object is; such as `box_masks` makes.
        tolerance: Pixels of the mask that a peak may lie beside the object.

    Raises:
        ValueError: Maps and masks do not fit each other.

    Example:
        >>> found = localization(np.array([[[3.0, 1.0], [0.0, -4.0]]]), np.array([[[True, False], [False, False]]]))
        >>> [float(each[0]) for each in (found.pointing, found.mass, found.rank, found.share)]
        [1.0, 0.75, 1.0, 0.25]
    """
    return Localization(
        pointing_game(maps, masks, tolerance=tolerance),
        relevance_mass_accuracy(maps, masks),
        relevance_rank_accuracy(maps, masks),
        _objects(masks).mean(axis=(1, 2), dtype=np.float64).astype(np.float32),
    )


@checks_kinds
def pointing_game(maps: np.ndarray, masks: np.ndarray, *, tolerance: int = 0) -> np.ndarray:
    """float32[B]: 1 where a map's largest value lies in the object, 0 where not (arXiv:1608.00507).

    Arguments as for `localization`. Of several places with the largest value, the share that lies in it; NaN for a map of a
    single value.
    """
    at_least("tolerance", tolerance, 0)
    found = []
    for values, mask in _pairs(maps, masks):
        peaks = values >= values.max() - _tie(values)
        said = bool(mask.any()) and not mask.all() and not peaks.all()
        found.append(_near(peaks, mask, tolerance) if said else np.nan)
    return np.array(found, np.float32)


@checks_kinds
def relevance_mass_accuracy(maps: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """float32[B]: the share of the positive evidence that lies in the object (arXiv:2003.07258, eq. 3).

    Arguments as for `localization`; NaN for a map without positive evidence.
    """
    found = []
    for values, mask in _pairs(maps, masks):
        positive = np.maximum(values, 0)
        total = positive.sum()
        said = bool(mask.any()) and not mask.all() and total > 0
        found.append(positive[mask].sum() / total if said else np.nan)
    return np.array(found, np.float32)


@checks_kinds
def relevance_rank_accuracy(maps: np.ndarray, masks: np.ndarray) -> np.ndarray:
    """float32[B]: of the K strongest pixels, K the object's size, the share that lies in it (arXiv:2003.07258, eq. 4).

    Arguments as for `localization`; NaN for a map of a single value.
    """
    found = []
    for values, mask in _pairs(maps, masks):
        size = int(mask.sum())
        if not 0 < size < mask.size or np.ptp(values) <= _tie(values):
            found.append(np.nan)
            continue
        last, tie = np.partition(values, values.size - size, axis=None)[values.size - size], _tie(values)
        above, level = values > last + tie, np.abs(values - last) <= tie
        share = (size - above.sum()) / level.sum()  # of the pixels that tie for the last places
        found.append((mask[above].sum() + share * mask[level].sum()) / size)
    return np.array(found, np.float32)


@checks_kinds
def box_masks(boxes: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """bool[B,H,W]: the pixels of a box in each image.

    Args:
        boxes: float[B,4], left, top, right and bottom in pixels; right and bottom are the first that lie outside.
        size: (H, W) of the masks.

    Raises:
        ValueError: A box has no pixel within the image.

    Example:
        >>> box_masks(np.array([[1, 0, 3, 1]]), (2, 3)).astype(int).tolist()
        [[[0, 1, 1], [0, 0, 0]]]
    """
    given = np.asarray(boxes, np.float64)
    if given.ndim != 2 or given.shape[1] != 4 or not np.isfinite(given).all():
        raise ValueError(
            f"Expected boxes as float[B,4]: left, top, right, bottom of each image. Received shape {given.shape}. Give one box "
            f"for each image; of several objects, a mask."
        )
    rows, columns = np.arange(size[0]) + 0.5, np.arange(size[1]) + 0.5  # a pixel belongs where its centre lies
    left, top, right, bottom = given.T[:, :, np.newaxis]
    masks = ((rows >= top) & (rows < bottom))[:, :, np.newaxis] & ((columns >= left) & (columns < right))[:, np.newaxis]
    empty = np.flatnonzero(~masks.any(axis=(1, 2)))
    if empty.size:
        raise ValueError(
            f"Expected boxes with a pixel within {size[0]} x {size[1]}. Received {given[empty[0]].tolist()} for image "
            f"{empty[0]}. Give left, top, right, bottom in pixels of the images as the model takes them."
        )
    return masks


def _near(peaks: np.ndarray, mask: np.ndarray, tolerance: int) -> float:
    """The share of the peaks that lie in the mask, or at most `tolerance` pixels from it."""
    if not tolerance:
        return float(mask[peaks].mean())
    inside = np.argwhere(mask)
    far = [np.square(inside - peak).sum(axis=1).min() for peak in np.argwhere(peaks)]
    return float(np.mean(np.array(far) <= tolerance**2))


def _tie(values: np.ndarray) -> float:
    return _TIE * float(np.abs(values).max())


def _pairs(maps: np.ndarray, masks: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Each map at its mask's size, float64[H,W], and the mask."""
    objects, given = _objects(masks), np.asarray(maps)
    if given.ndim != 3 or len(given) != len(objects):
        raise ValueError(
            f"Expected a map float[B,h,w] for each of the {len(objects)} masks. Received shape {given.shape}. Give the maps of "
            f"the images that the masks are of."
        )
    if not np.isfinite(given).all():
        raise ValueError("Expected maps of finite values. Received NaN or Inf. Leave the images out that they are of.")
    _refuse_another_form(given.shape[1:], objects.shape[1:])
    return list(zip(enlarged(given, objects.shape[1:3]).astype(np.float64), objects, strict=True))  # type: ignore[arg-type]


def _refuse_another_form(size: tuple[int, ...], of_masks: tuple[int, ...]) -> None:
    """Refuse maps that are turned, or of other pictures: a layer without padding or with strides is off by about a pixel.

    Raises:
        ValueError: The sides of the maps are in another ratio than those of the masks.
    """
    (height, width), wanted = size, of_masks[0] / max(of_masks[1], 1)
    lowest, highest = (height - 1) / (width + 1), (height + 1) / max(width - 1, 0.5)
    if wanted * _STRETCHED < lowest or wanted / _STRETCHED > highest:
        raise ValueError(
            f"Expected maps and masks of one form, such as [7,5] for masks [28,20]. Received maps {list(size)} for masks "
            f"{list(of_masks)}. Give the masks of these pictures, rows first, at the size or the form of the model's input."
        )


def _objects(masks: np.ndarray) -> np.ndarray:
    """bool[B,H,W]."""
    given = np.asarray(masks)
    known = given.dtype == bool or (given.dtype.kind in "iuf" and bool(np.isin(given, (0, 1)).all()))
    if given.ndim != 3 or not known:
        what = f"shape {given.shape}" if given.ndim != 3 else f"{given.dtype} with other values than 0 and 1"
        raise ValueError(
            f"Expected masks as bool[B,H,W], true where the object is. Received {what}. Compare them first, as in "
            f"masks > 0 or labels == 3."
        )
    return given.astype(bool)
