"""A folder of pictures per class, as people have them: a report of chosen sections, and its figures for programs.

Writes my_images/, my-report.html and my-report.json into the folder where it is started.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from PIL import Image

from featurelens.models import fashion_mnist, load_model, open_dataset
from featurelens.reports import write_report


def some_pictures(folder: Path) -> None:
    """Write 120 pictures, in the place of yours: one folder per class, here named by the class's number."""
    data = fashion_mnist("test")[:120]
    for number, (image, label) in enumerate(zip(data.images, data.labels, strict=True)):
        place = folder / str(label)
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(np.rint(image[..., 0] * 255).astype(np.uint8)).save(place / f"{number}.png")


def main(folder: Path = Path()) -> None:
    """Open the folder as the model takes it, write the report, and read a figure back."""
    some_pictures(folder / "my_images")
    model = load_model("zero_padded_dropout")
    data = open_dataset(folder / "my_images", model=model)
    page = write_report(
        model,
        data,
        folder / "my-report.html",
        sections=["performance", "mistakes"],
        json=folder / "my-report.json",
        trust_images=0,
    )
    figures = json.loads((folder / "my-report.json").read_text("utf-8"))
    print(f"{page.name}: {figures['findings'][0]['sentence']}")


if __name__ == "__main__":
    main()
