"""A regression: how far are its numbers off, where, and what raises them?

Writes how-far-off.html into the folder where it is started.
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from featurelens.models import Dataset, evaluate, fashion_mnist
from featurelens.reports import write_report


def by_brightness() -> keras.Model:
    """In the place of yours: it takes the mean brightness for the covered share of a picture, in per cent."""
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((28, 28, 1)), layers.Conv2D(1, 1, name="conv"), layers.GlobalAveragePooling2D(), layers.Dense(1)],
        name="coverage",
    )
    model.set_weights([np.ones((1, 1, 1, 1)), np.zeros(1), np.full((1, 1), 130.0), np.full(1, 8.0)])
    return model


def main(folder: Path = Path()) -> None:
    """Give the numbers with the images; everything else is as for classes."""
    images = fashion_mnist("test")[:120].images
    covered = 100 * (images[..., 0] > 0).mean(axis=(1, 2))  # the truth, float[B]
    data = Dataset.from_arrays(images, covered, ["coverage"], task="regression", unit="%")
    model = by_brightness()
    page = write_report(model, data, folder / "how-far-off.html", trust_images=0)
    mae = evaluate(model, data, task="regression").figures[0].mae
    print(f"{page.name}: off by {mae.value:.1f} % ({mae.low:.1f} to {mae.high:.1f}) on average")


if __name__ == "__main__":
    main()
