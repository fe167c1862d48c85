"""What the layers see while a model is trained: a page with a slider over the epochs.

Writes feature-maps.html into the folder where it is started.
"""

from __future__ import annotations

from pathlib import Path

from featurelens.models import build_model, fashion_mnist
from featurelens.reports import FeatureMaps


def main(folder: Path = Path()) -> None:
    """Train a small model for two epochs on 200 images, and read a record of each off the callback."""
    data = fashion_mnist("test")[:200]
    model = build_model("three_conv")
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    watch = FeatureMaps(data[:100], path=folder / "feature-maps.html", trust_images=0)
    model.fit(data.images, data.labels, epochs=2, batch_size=50, verbose=0, callbacks=[watch])
    for number, epoch in enumerate(watch.epochs):
        told = ", ".join(f"{layer.name} {layer.silent}" for layer in epoch.layers)
        print(f"after {number} epochs, channels that never fire: {told}")


if __name__ == "__main__":
    main()
