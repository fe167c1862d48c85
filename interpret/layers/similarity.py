"""How alike two layers are, in one network or in two: do they hold the same images near each other?

Linear CKA: Kornblith, Norouzi, Lee, Hinton, "Similarity of Neural Network Representations Revisited", ICML 2019,
arXiv:1905.00414. With X [N,P] and Y [N,Q] what the layers put out for the same N images, and K = X X', L = Y Y':

    CKA = HSIC(K, L) / sqrt( HSIC(K, K) HSIC(L, L) )                         (eq. 3 and 4)

1: alike up to a rotation and a scale, 0: nothing in common. Widths need not agree.

Departure: HSIC is estimated without bias (Song, Smola, Gretton, Bedo, Borgwardt, "Feature Selection via Dependence
Maximization", JMLR 2012, eq. 5; for CKA: Nguyen, Raghu, Kornblith 2021, arXiv:2010.15327). The paper's own estimate nears
1 for any two layers that are wider than there are images. It can fall slightly below 0 where there is nothing in common.
The estimate is the product of the two matrices after the diagonal is taken out and rows and columns are centred with
n - 2 for n (Székely, Rizzo 2014, arXiv:1310.2926), which `similarity_matrix` does, so that many layers are compared in
one product each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..stream.activations import ActivationExtractor

LEAST = 4  # images; with fewer nothing is left after centring


def linear_cka(first: np.ndarray, second: np.ndarray) -> float:
    """Linear CKA of two layers' outputs for the same images.

    Args:
        first: float[N,...], at least 4 images.
        second: float[N,...]; the other axes may differ.

    Returns:
        About 0 to 1; NaN where a layer puts out the same for every image.

    Example:
        Outputs that are the other's, turned and doubled, have 1.
    """
    if len(first) != len(second):
        raise ValueError(
            f"Expected outputs for the same images. Received {len(first)} and {len(second)}. Run both layers on one set."
        )
    return float(np.sum(similarity_matrix(first) * similarity_matrix(second)))


def similarity_matrix(outputs: np.ndarray) -> np.ndarray:
    """Which images a layer holds near each other, centred and of norm 1: two layers' CKA is the sum of the product.

    Args:
        outputs: float[N,...], of a layer for N images.

    Returns:
        float64[N,N], diagonal 0; NaN where the layer puts out the same for every image.
    """
    images = len(outputs)
    if images < LEAST:
        raise ValueError(f"Expected at least {LEAST} images to compare layers by. Received {images}. Give more images.")
    features = outputs.reshape(images, -1)
    features = features - features.mean(axis=0, dtype=np.float64).astype(features.dtype)  # changes nothing but rounding
    products = (features @ features.T).astype(np.float64)
    largest = float(np.abs(products).max())
    np.fill_diagonal(products, 0)
    rows = products.sum(axis=1) / (images - 2)
    products += products.sum() / ((images - 1) * (images - 2)) - rows - rows[:, np.newaxis]
    np.fill_diagonal(products, 0)
    norm = float(np.linalg.norm(products))
    return products / norm if norm > 1e-9 * largest * images else np.full_like(products, np.nan)


def layer_similarities(model: Any, images: np.ndarray, layers: Sequence[str]) -> dict[str, np.ndarray]:
    """The similarity matrix of each layer, {layer: float64[N,N]}.

    Args:
        model: A Keras model.
        images: float32[N,H,W,C]; all layers' outputs for all of them are held in memory at once.
        layers: Names of the layers.
    """
    return {name: similarity_matrix(values) for name, values in ActivationExtractor(model, layers)(images).items()}
