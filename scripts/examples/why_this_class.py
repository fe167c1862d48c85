"""A mistake of the model: why this class rather than the true one, by three methods beside each other.

Writes why.png into the folder where it is started.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from featurelens.models import evaluate, fashion_mnist, load_model
from featurelens.reports import explain


def main(folder: Path = Path()) -> None:
    """Take the surest mistake among 500 images, and ask what speaks for the wrong class rather than for the true one."""
    model, data = load_model("zero_padded_dropout"), fashion_mnist("test")[:500]
    found = evaluate(model, data)
    wrong = np.flatnonzero(found.predictions != data.labels)
    number = int(wrong[found.probabilities[wrong].max(axis=1).argmax()])
    story = explain(
        model,
        data[number],
        versus=int(data.labels[number]),
        methods=["hirescam", "layercam", "integrated-gradients"],
    )
    story.save(folder / "why.png")
    said, true = (data.class_names[labels[number]] for labels in (found.predictions, data.labels))
    for method, evidence in story.maps.items():
        print(f"{method}: {evidence.sum():+.2f} in all for {said} rather than {true}, image {number}")


if __name__ == "__main__":
    main()
