"""What each layer keeps of the classes, and what the channels of one layer put out for an image.

Writes channels.png into the folder where it is started.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt

from featurelens.interpret import ActivationExtractor, survey_layers
from featurelens.models import fashion_mnist, load_model
from featurelens.reports import plot_layer


def main(folder: Path = Path()) -> None:
    """Read the classes off each layer by a linear probe, then look at single channels."""
    model, data = load_model("zero_padded_dropout"), fashion_mnist("test")[:300]
    print(survey_layers(model, data).table())
    plot_layer(model, "conv2", data[0])
    plt.savefig(folder / "channels.png", dpi=80, bbox_inches="tight")
    activations = ActivationExtractor(model, "conv2")(data)["conv2"]  # float32[B, 14, 14, 64]
    silent = (activations.max(axis=(0, 1, 2)) <= 0).sum()
    print(f"conv2: {silent} of {activations.shape[-1]} channels put out nothing for any of {len(activations)} images")


if __name__ == "__main__":
    main()
