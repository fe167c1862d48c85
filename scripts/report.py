"""Explain a model on a data set, into one HTML file: `featurelens report`.

The whole way in a few lines: load, explain, write.
"""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from featurelens.scripts.options.early_checks import checked_data
from featurelens.scripts.options.opening import (
    DEFAULT_MODEL,
    AllowCode,
    ClassNames,
    CustomObjects,
    Data,
    Model,
    Opening,
    Resize,
    Scale,
    load_with_card,
    open_for,
)
from featurelens.scripts.options.reading import with_reading
from featurelens.scripts.options.trust_file import trust_on_file

if TYPE_CHECKING:
    from featurelens.models.formats.reading import Reading


@with_reading()
def report(
    model: Model = DEFAULT_MODEL,
    data: Data = None,
    output: Annotated[Path, typer.Option(help="The HTML file to write.")] = Path("featurelens-report.html"),
    scale: Scale = None,
    resize: Resize = False,
    class_names: ClassNames = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Images at a time. Default: as many as fit a few megabytes.")
    ] = None,
    trust: Annotated[
        Path | None, typer.Option(help="What `featurelens trust` wrote; default: MODEL.trust.json where it fits.")
    ] = None,
    trust_images: Annotated[
        int | None, typer.Option(min=0, help="Test the maps anew on at most so many images; 0 for none. Default: 100.")
    ] = None,
    trust_budget: Annotated[
        int | None,
        typer.Option(
            min=1, help="Test the maps anew within so many passes forward and backward. Default: by the images' size."
        ),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of all images that are drawn.")] = 0,
    allow_code: AllowCode = False,
    custom_objects: CustomObjects = None,
    reading: Reading | None = None,
) -> None:
    """Explain a model on a data set, and write what was found into one HTML file.

    Without arguments: the shipped zero-padded dropout CNN on the 10,000 test images of Fashion-MNIST, offline.
    """
    from featurelens.reports.files.whole_files import check_writable
    from featurelens.scripts.terminal.progress import steps_shown

    check_writable(output.expanduser().absolute())
    opening = Opening(scale, resize, class_names, allow_code, custom_objects, reading)
    images_from = checked_data(model, data, opening)
    loaded, card = load_with_card(model, opening)
    dataset = open_for(images_from, loaded, card, opening)
    from featurelens.reports import write_report
    from featurelens.reports.evidence.trust import TRUST_IMAGES

    if trust_images is None and trust_budget is not None:
        trust_images = TRUST_IMAGES
    measured = trust_on_file(trust, trust_images, model, loaded, dataset)
    with steps_shown() as step:
        path = write_report(
            loaded,
            dataset,
            output,
            card=card,
            command=_command(),
            batch_size=batch_size,
            trust_images=TRUST_IMAGES if trust_images is None else trust_images,
            trust_budget=trust_budget,
            trust_file=measured,
            seed=seed,
            step=step,
        )
    typer.echo(f"Wrote {path} ({path.stat().st_size / 1e6:.1f} MB). Open it in a browser.")


def _command() -> str:
    return shlex.join(["featurelens", *sys.argv[1:]]) if "report" in sys.argv[1:2] else "featurelens report"


if __name__ == "__main__":
    from featurelens.scripts.terminal.running import run_alone

    run_alone("report", report)
