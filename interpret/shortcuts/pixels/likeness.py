"""Which images of a class look much the same at a place, though no pixel repeats exactly: a mark in pictures kept as JPEG.

At a place the radius of a class is that of the smallest ball around one of its images that holds 70 % of them. It is compared
with how near a tenth of the other classes' images come to the same image, and, of a mark, with the contrast within it: a part of
an object, such as the hole of a 0, is smooth.
"""

from __future__ import annotations

import numpy as np

MOST_ALIKE = 0.2  # the radius of a class over how near others come (`docs/shortcuts.md`: with a plant, and without one)
MOST_UNEVEN = 0.3  # the radius over the standard deviation of the pixels of the mark itself
_EACH = 40  # images of a class that are compared with each other
_HELD = 0.7  # of a class
_NEAR = 0.1  # of the other classes' images
_EXACT = 0.004  # of the range: a smaller radius is that of pixels that repeat exactly
_FEWEST = 8


def much_the_same(pixels: np.ndarray, labels: np.ndarray, *, may_be_plain: bool) -> list[np.ndarray]:
    """The images that look like one class's at a place, bool[n] for each such class.

    Args:
        pixels: float32[n,P,C], those at the place, in 0..1.
        labels: int64[n].
        may_be_plain: Whether pixels of one value count, as in a frame.
    """
    features = pixels.reshape(len(pixels), -1)
    rows = _rows_of_classes(labels)
    if len(rows) < 2:
        return []
    drawn = features[rows]  # [K,40,D]
    radius, centre = _smallest_balls(drawn)
    near = _nearness(drawn, centre)
    contrast = centre.reshape(len(centre), *pixels.shape[1:]).std(axis=1).max(axis=1)
    alike = (radius >= _EXACT) & (radius <= MOST_ALIKE * near) & (may_be_plain | (radius <= MOST_UNEVEN * contrast))
    reach = np.sqrt(radius * near)  # between the two
    return [_distances(features, centre[each]) <= reach[each] for each in np.flatnonzero(alike)]


def _rows_of_classes(labels: np.ndarray) -> np.ndarray:
    """int64[K,40]: rows of each class of eight or more, from first to last; of a small class some twice."""
    order = np.argsort(labels, kind="stable")
    ends = np.flatnonzero(np.diff(labels[order], append=labels.max(initial=0) + 1)) + 1
    sizes = np.diff(ends, prepend=0)[:, np.newaxis]
    places = (ends[:, np.newaxis] - sizes) + np.arange(_EACH) * sizes // _EACH
    return order[places[sizes[:, 0] >= _FEWEST]]


def _smallest_balls(drawn: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(float64[K], float32[K,D]): radius and centre of the smallest ball around a row that holds 70 % of a class."""
    square = np.square(drawn).sum(axis=2)
    apart = square[:, :, np.newaxis] + square[:, np.newaxis] - 2 * drawn @ drawn.transpose(0, 2, 1)
    held = int(np.ceil(_HELD * drawn.shape[1])) - 1
    reach = np.partition(apart, held, axis=2)[:, :, held]
    best = reach.argmin(axis=1)
    classes = np.arange(len(drawn))
    return np.sqrt(np.maximum(reach[classes, best], 0) / drawn.shape[2]), drawn[classes, best]


def _nearness(drawn: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """float64[K]: the distance from each centre within which a tenth of the other classes' rows lie."""
    rows, place = drawn.reshape(-1, drawn.shape[2]), int(_NEAR * (len(drawn) - 1) * drawn.shape[1])
    found = []
    for own, middle in enumerate(centre):
        away = _distances(rows, middle)
        away.reshape(drawn.shape[:2])[own] = np.inf  # not the class itself
        found.append(np.partition(away, place)[place])
    return np.array(found)


def _distances(rows: np.ndarray, centre: np.ndarray) -> np.ndarray:
    """float32[n]: the root mean square difference of each row from one."""
    return np.sqrt(np.square(rows - centre).mean(axis=1))
