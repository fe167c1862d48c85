"""Do the maps lie on the object? The pointing game and the share of the evidence, beside chance.

Writes nothing. With masks in a folder it is one command: featurelens trust MODEL --data pictures/ --masks masks/
"""

from __future__ import annotations

from pathlib import Path

from featurelens.interpret import METHODS, Samples, TrustPlan, measure_trust
from featurelens.models import fashion_mnist, load_model


def main(folder: Path = Path()) -> None:
    """Here the object of a picture is what is not black; yours are masks or boxes."""
    model, data = load_model("zero_padded_dropout"), fashion_mnist("test")[:40]
    masks = data.images[..., 0] > 0  # bool[B,H,W]
    methods = [known for known in METHODS if known.slug in ("grad-cam", "hirescam", "saliency")]
    few = Samples(curves=40, filled=0, noise=0, shuffled=0)
    trust = measure_trust(model, data, methods, TrustPlan(few, few, steps=2), masks=masks)
    print(f"The objects are {masks.mean():.0%} of the pixels: as much is chance.")
    for name, found in trust.methods.items():
        if found.location is not None:
            print(f"{name}: the peak lies on the object in {found.location.pointing.mean:.0%} of the images")


if __name__ == "__main__":
    main()
