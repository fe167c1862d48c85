"""A method of one's own: drawn beside the others, and put through the same tests.

Writes own-method.png into the folder where it is started.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from featurelens.interpret import METHODS, KnownMethod, Samples, TrustPlan, measure_trust
from featurelens.models import fashion_mnist, load_model
from featurelens.reports import explain


def edges(images: np.ndarray, *_: Any) -> np.ndarray:
    """How fast the brightness changes at each pixel: it knows nothing of the model, which the tests must find.

    Args:
        images: float32[B,H,W,C].

    Returns:
        float32[B,H,W], at least 0.
    """
    down, across = np.gradient(images.mean(axis=-1), axis=(1, 2))
    return np.hypot(down, across)


OWN = KnownMethod("Edges", lambda model, layer, side: edges, unit="grey per pixel", signed=False, passes=1)


def main(folder: Path = Path()) -> None:
    """Give the record wherever a method may be named."""
    model, data = load_model("zero_padded_dropout"), fashion_mnist("test")[:40]
    explain(model, data[0], methods=["hirescam", OWN]).save(folder / "own-method.png")
    few = Samples(curves=40, filled=0, noise=0, shuffled=40)
    trust = measure_trust(model, data, [METHODS[2], OWN], TrustPlan(few, few))
    for method, found in trust.methods.items():
        print(f"{method}: {found.verdict.level}. {found.verdict.words}")


if __name__ == "__main__":
    main()
