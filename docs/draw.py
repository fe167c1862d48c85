"""The pictures of the site, drawn by featurelens itself, small enough to be kept beside the pages.

    python docs/draw.py methods gallery views    # or some of them; `views` needs a Chromium, and playwright

It writes `docs/pictures/*.webp` in about two minutes on 2 cores.
"""

from __future__ import annotations

import importlib
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "pictures"
MODEL = "zero_padded_dropout"
SHOWN = (0, 1, 18, 23)  # an ankle boot, a pullover, a bag, and a boot that is taken for a sandal
EXAMPLES = {  # {script of the gallery: the picture that it writes}
    "why_this_class": "why.png",
    "what_layers_see": "channels.png",
    "whom_to_believe": "trust.png",
    "own_method": "own-method.png",
}
_QUALITY = 82


def methods() -> None:
    """Each known method's maps of the same four images, every map over its picture between its own limits."""
    from featurelens.interpret import METHODS
    from featurelens.models import evaluate, fashion_mnist, load_model

    model, data = load_model(MODEL), fashion_mnist("test").take(list(SHOWN))
    found = evaluate(model, data)
    titles = [data.class_names[label] for label in found.predictions]
    for known in METHODS:
        try:
            maps = known.make(model, None, min(data.images.shape[1:3]))(data.images, found.predictions)
        except ValueError:  # for other models
            continue
        _drawn(data, maps, titles, known).savefig(
            FOLDER / f"{known.slug}.webp", dpi=105, bbox_inches="tight", pil_kwargs={"quality": _QUALITY}
        )


def _drawn(data: Any, maps: Any, titles: list[str], known: Any) -> Any:
    """A row of pictures above a row of maps."""
    import matplotlib.pyplot as plt

    from featurelens.reports import plot_map

    figure, (above, below) = plt.subplots(2, len(titles), figsize=(8, 4), layout="constrained")
    for place, title in enumerate(titles):
        above[place].imshow(data.images[place][..., 0], cmap="gray")
        above[place].set_title(title)
        above[place].axis("off")
        plot_map(maps[place], data.images[place], below[place], unit=known.unit)
    plt.close(figure)
    return figure


def gallery() -> None:
    """What the scripts of the gallery draw."""
    from PIL import Image

    for name, written in EXAMPLES.items():
        script = importlib.import_module(f"featurelens.scripts.examples.{name}")
        with tempfile.TemporaryDirectory() as folder:
            script.main(Path(folder))
            picture = Image.open(Path(folder) / written).convert("RGB")
            picture.thumbnail((1000, 1000))
            picture.save(FOLDER / f"example-{name}.webp", quality=_QUALITY)


def views() -> None:
    """Each tab of a report on 600 images, as a browser shows its upper part."""
    from PIL import Image
    from playwright.sync_api import expect, sync_playwright

    from featurelens.models import fashion_mnist, load_model
    from featurelens.reports import write_report
    from featurelens.reports.sections.section import VIEWS

    browser = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        page = write_report(load_model(MODEL), fashion_mnist("test")[:600], Path(folder) / "report.html")
        opened = playwright.chromium.launch(executable_path=browser, args=["--no-sandbox"])
        tab = opened.new_page(viewport={"width": 1120, "height": 760})
        for view in VIEWS:
            tab.goto(f"{page.as_uri()}#/{view}")
            expect(tab.locator(f"[id='/{view}']")).to_be_visible()
            shot = Path(folder) / f"{view}.png"
            tab.screenshot(path=shot)
            Image.open(shot).convert("RGB").save(FOLDER / f"view-{view}.webp", quality=70, method=6)
        opened.close()


def main(names: list[str]) -> None:
    """Draw what is named, or everything."""
    import matplotlib

    matplotlib.use("Agg")
    FOLDER.mkdir(exist_ok=True)
    for name in names or ["methods", "gallery", "views"]:
        {"methods": methods, "gallery": gallery, "views": views}[name]()


if __name__ == "__main__":
    main(sys.argv[1:])
