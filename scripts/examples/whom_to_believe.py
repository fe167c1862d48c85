"""Which methods' maps can be believed on this model: tested beside a random order, brightness and shuffled weights.

Writes trust.png into the folder where it is started.
"""

from __future__ import annotations

from pathlib import Path

import matplotlib.pyplot as plt

from featurelens.interpret import METHODS, Samples, TrustPlan, measure_trust
from featurelens.models import fashion_mnist, load_model
from featurelens.reports import plot_trust


def main(folder: Path = Path()) -> None:
    """Test the methods of one pass on 50 images, and print each verdict with what it rests on."""
    model, data = load_model("zero_padded_dropout"), fashion_mnist("test")[:50]
    cheap = [method for method in METHODS if not method.is_expensive]
    few = Samples(curves=50, filled=0, noise=0, shuffled=50)
    trust = measure_trust(model, data, cheap, TrustPlan(few, few))
    for method, found in trust.methods.items():
        print(f"{method}: {found.verdict.level}. {found.verdict.words}")
    plot_trust(trust)
    plt.savefig(folder / "trust.png", dpi=80, bbox_inches="tight")


if __name__ == "__main__":
    main()
