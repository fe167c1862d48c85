"""The correctly classified images that lie nearest to a mistake, of its true class and of the one it was taken for.

Nearest by the cosine in the last hidden layer: what the model itself takes for alike just before it decides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class NearestAnswers:
    """The nearest right answers of two classes for each of M mistakes; N of each."""

    of_true: (
        np.ndarray
    )  # int64[M,N], numbers of right answers of the true class, the nearest first; -1 where there are fewer
    of_predicted: np.ndarray  # int64[M,N], likewise of the class that it was taken for
    true_cosine: np.ndarray  # float32[M,N], -1..1; NaN where there are fewer
    predicted_cosine: np.ndarray  # float32[M,N]


def nearest_answers(
    features: np.ndarray, labels: np.ndarray, predictions: np.ndarray, mistakes: np.ndarray, *, count: int = 3
) -> NearestAnswers:
    """Find them.

    Args:
        features: float32[B,D], the last hidden layer of all images.
        labels: int64[B].
        predictions: int64[B].
        mistakes: int64[M], rows of the images to find them for.
        count: how many of each class.
    """
    lengths = np.linalg.norm(features, axis=1, keepdims=True)
    rows = features / np.maximum(lengths, 1e-12)
    right = labels == predictions
    found = []
    for wanted in (labels, predictions):
        near = np.full((len(mistakes), count), -1, np.int64)
        cosine = np.full((len(mistakes), count), np.nan, np.float32)
        for label in np.unique(wanted[mistakes]):
            asked = np.flatnonzero(wanted[mistakes] == label)
            members = np.flatnonzero(right & (labels == label))
            _fill(near, cosine, asked, members, rows[mistakes[asked]] @ rows[members].T)
        found += [near, cosine]
    return NearestAnswers(found[0], found[2], found[1], found[3])


def _fill(near: np.ndarray, cosine: np.ndarray, asked: np.ndarray, members: np.ndarray, alike: np.ndarray) -> None:
    most = min(near.shape[1], len(members))
    order = np.argsort(-alike, axis=1, kind="stable")[:, :most]
    near[asked, :most] = members[order]
    cosine[asked, :most] = np.take_along_axis(alike, order, axis=1)
