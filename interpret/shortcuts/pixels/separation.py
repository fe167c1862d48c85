"""How far some images stand apart from the rest in one part of the picture, and how alike they are in it.

The separation D of a group: all images are projected onto the line from the mean of the rest to the mean of the group;

    D = (m1 - m0) / sqrt((s1^2 + s0^2) / 2) / (1 + 4 rms / distance)

with the means and standard deviations of the projections, the distance of the two means and the root mean square distance
of the group's images from their mean. The second factor is what tells content that repeats, pixel for pixel, from a kind
of object that varies: a pasted mark has an rms of nearly nothing.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

SMALLEST, LARGEST = 0.015, 0.6  # share of the images in a group
FEWEST = 8  # images of a group
_CENTRES = (2, 3, 4)
_STEPS, _TRIALS = 20, 2
_NARROWEST = 0.01  # of the deviation of all: a group's deviation below it is taken for this
_LEAST = 1e-3  # of the range of the pixels: a deviation below it is taken for this
_ROUNDING = float(np.finfo(np.float64).eps)
_BEYOND = 1 + 1e-6  # times D: rounding leaves it below


def groups(features: np.ndarray, seed: int = 0) -> Iterator[np.ndarray]:
    """The clusters of k-means with two, three and four centres that hold 1.5 to 60 % of the rows and eight, bool[n]."""
    import cv2

    rows = np.ascontiguousarray(features.reshape(len(features), -1), np.float32)
    stop = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_MAX_ITER, _STEPS, 1e-3)
    for centres in _CENTRES:
        if len(rows) < 2 * centres:
            return
        cv2.setRNGSeed(seed)
        _, found, _ = cv2.kmeans(rows, centres, np.empty(0), stop, _TRIALS, cv2.KMEANS_PP_CENTERS)  # type: ignore[call-overload]
        for label, count in enumerate(np.bincount(found[:, 0], minlength=centres).tolist()):
            if count >= FEWEST and SMALLEST <= count / len(rows) <= LARGEST:
                yield found[:, 0] == label


def far_apart(
    features: np.ndarray, at_least: float, *, least: float = _LEAST, seed: int = 0
) -> Iterator[tuple[float, np.ndarray]]:
    """(D, members bool[n]) of the clusters that stand apart by at least so much.

    Args:
        features: float32[n,D], in 0..1.
        at_least: D.
        least: See `separation`.
        seed: Of the first centres.
    """
    found = np.array(list(groups(features, seed)))
    if not len(found):
        return
    for members in found[_at_most(features, found) >= at_least]:  # of real pictures hardly any
        apart = separation(features, members, least=least)
        if apart >= at_least:
            yield apart, members


def _at_most(features: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """float64[m]: what D of groups bool[m,n] is at most, of all at once, by sums of products that lose some digits."""
    rows, members = features.reshape(len(features), -1).astype(np.float64), groups.astype(np.float64)
    count, squares = members.sum(axis=1), np.einsum("nd,nd->n", rows, rows)
    lost = _ROUNDING * (len(rows) * squares.max() + 1)  # of a variance, at most
    sums = members @ rows
    inside, rest = sums / count[:, None], (rows.sum(axis=0) - sums) / (len(rows) - count)[:, None]
    line = inside - rest
    distance = np.linalg.norm(line, axis=1) + np.sqrt(lost)
    projected = rows @ line.T / distance
    spread = 0.0
    for weights, size in ((members, count), (1 - members, len(rows) - count)):
        mean, square = (np.einsum("mn,nm->m", weights, each) / size for each in (projected, np.square(projected)))
        spread += np.maximum(square - np.square(mean) - lost, 0) / 2
    rms = np.sqrt(np.maximum(members @ squares / count - np.square(inside).sum(axis=1) - lost, 0))
    return _BEYOND * distance / np.sqrt(spread + _LEAST**2) / (1 + 4 * rms / distance)


def separation(features: np.ndarray, members: np.ndarray, *, least: float = _LEAST) -> float:
    """D of a group of rows; without `repeated`, D without its second factor.

    Args:
        features: float32[n,D], in 0..1.
        members: bool[n]; some, and not all.
        least: Means nearer to each other than this do not stand apart at all.

    Example:
        Rows 0, 0, 1, 1 with the last two as the group stand apart by their whole distance over the least deviation.
    """
    rows = features.reshape(len(features), -1).astype(np.float64)
    inside, rest = rows[members], rows[~members]
    line = inside.mean(axis=0) - rest.mean(axis=0)
    distance = float(np.linalg.norm(line))
    if distance < least:
        return 0.0
    projected = rows @ (line / distance)
    spread = (projected[members].var() + projected[~members].var()) / 2 + _LEAST**2
    apart = distance / float(np.sqrt(spread))
    rms = float(np.sqrt(np.square(inside - inside.mean(axis=0)).sum(axis=1).mean()))
    return apart / (1 + 4 * rms / distance)


def nearest(features: np.ndarray, inside: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """bool[n]: whether each row is nearer to the mean of the group than to that of the rest."""
    rows = features.reshape(len(features), -1)
    return np.square(rows - inside.ravel()).sum(axis=1) < np.square(rows - rest.ravel()).sum(axis=1)


def likelier(features: np.ndarray, inside: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """bool[n]: which rows of a few numbers are rather of the group: each number is taken for normal, on its own.

    A group in the midst of the rest is told by its small spread, not by its mean.
    """
    every = np.concatenate([inside, rest]).astype(np.float64)
    least = np.maximum(_NARROWEST * every.std(axis=0), np.finfo(np.float64).tiny ** 0.5)

    def log_likelihood(side: np.ndarray) -> np.ndarray:
        mean, deviation = side.mean(axis=0, dtype=np.float64), np.maximum(side.std(axis=0, dtype=np.float64), least)
        off = np.square((features - mean) / deviation) / 2 + np.log(deviation)
        return np.log(len(side)) - off.sum(axis=1)

    return log_likelihood(inside) > log_likelihood(rest)
