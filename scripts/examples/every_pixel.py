"""A class at every pixel: how well is each found, what speaks for it, and how far can that be trusted?

Writes every-pixel.html into the folder where it is started. With pictures and masks in folders it is one command:
featurelens report MODEL --data pictures/ --masks masks/
"""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np

from featurelens.models import fashion_mnist
from featurelens.reports import write_segmentation_report


def by_neighbours() -> keras.Model:
    """In the place of your U-Net: a pixel is cloth where the mean of its neighbours is above 0.3."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(1, 3, padding="same", use_bias=False, name="mean"),
            layers.Conv2D(2, 1, activation="softmax", name="classes"),
        ],
        name="cloth",
    )
    model.set_weights(
        [np.full((3, 3, 1, 1), 1 / 9), np.float32([-10, 10]).reshape(1, 1, 1, 2), np.float32([3.0, -3.0])]
    )
    return model


def main(folder: Path = Path()) -> None:
    """Give the class of each pixel, int[B,H,W]; 255 stands for none."""
    images = fashion_mnist("test")[:60].images
    masks = (images[..., 0] > 0).astype(np.uint8)
    masks[:, 0] = 255  # the first row is not judged
    found = write_segmentation_report(
        by_neighbours(),
        images,
        masks,
        folder / "every-pixel.html",
        class_names=["ground", "cloth"],
        ignore=255,
        trust_images=20,
    )
    iou = ", ".join(
        f"{name} {value:.2f}" for name, value in zip(("ground", "cloth"), found.evaluation.iou, strict=True)
    )
    print(f"IoU: {iou}; mean {found.evaluation.mean_iou:.2f}")
    for name, verdict in found.trust.trust.verdicts.items() if found.trust else ():
        print(f"{name}: {verdict.level}")


if __name__ == "__main__":
    main()
