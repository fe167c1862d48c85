"""Explain a model on a data set, into one HTML file: `featurelens report`.

The whole way in a few lines: load, explain, write.
"""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from featurelens.scripts.options.early_checks import checked_data
from featurelens.scripts.options.measuring import BatchSize, HtmlFile, Seed, TrustImages
from featurelens.scripts.options.methods import method_named, method_option
from featurelens.scripts.options.opening import DEFAULT_MODEL, Data, Model, Opening, load_with_card, open_for
from featurelens.scripts.options.outputs import check_outputs
from featurelens.scripts.options.records import takes_records
from featurelens.scripts.options.trust_file import trust_on_file
from featurelens.scripts.terminal.saying import say


@dataclass(frozen=True)
class TrustChoice:
    """How far each method can be trusted: as measured before, or measured anew."""

    trust: Annotated[
        Path | None, typer.Option(help="What `featurelens trust` wrote; default: MODEL.trust.json where it fits.")
    ] = None
    trust_images: TrustImages = None
    trust_budget: Annotated[
        int | None,
        typer.Option(
            min=1, help="Test the maps anew within so many passes forward and backward. Default: by the images' size."
        ),
    ] = None


@takes_records
def report(
    model: Model = DEFAULT_MODEL,
    data: Data = None,
    output: HtmlFile = Path("featurelens-report.html"),
    batch_size: BatchSize = None,
    tested: TrustChoice = TrustChoice(),
    method: Annotated[
        list[str] | None, method_option("A method to draw beside each mistake too, such as layercam")
    ] = None,
    seed: Seed = 0,
    opening: Opening = Opening(),
) -> None:
    """Explain a model on a data set, and write what was found into one HTML file.

    Without arguments: the shipped zero-padded dropout CNN on the 10,000 test images of Fashion-MNIST, offline.
    """
    from featurelens.reports.files.whole_files import check_writable
    from featurelens.scripts.terminal.progress import whole_shown

    target = output.expanduser().absolute()
    check_writable(target)
    further = [method_named(name) for name in method or ()]
    images_from = checked_data(model, data, opening)
    check_outputs([target], models=[model], data=[images_from], files=[opening.class_names, tested.trust])
    loaded, card = load_with_card(model, opening)
    dataset = open_for(images_from, loaded, card, opening)
    from featurelens.reports import write_report
    from featurelens.reports.evidence.plan import ReportPlan
    from featurelens.reports.evidence.trust import TRUST_IMAGES

    images = TRUST_IMAGES if tested.trust_images is None else tested.trust_images
    anew = images if tested.trust_budget is not None else tested.trust_images
    measured = trust_on_file(tested.trust, anew, model, loaded, dataset)
    plan = ReportPlan(batch_size, images, measured, trust_budget=tested.trust_budget, seed=seed)
    with whole_shown(plan.expected(dataset.images.shape)) as step:
        path = write_report(
            loaded,
            dataset,
            output,
            card=card,
            command=_command(),
            title=f"What {Path(model).stem} sees",  # the file's name: Keras's own may be 'sequential_4'
            batch_size=batch_size,
            trust_images=images,
            trust_budget=tested.trust_budget,
            trust_file=measured,
            methods=further,
            seed=seed,
            step=step,
        )
    say(f"Wrote {path} ({path.stat().st_size / 1e6:.1f} MB). Open it in a browser.")


def _command() -> str:
    return shlex.join(["featurelens", *sys.argv[1:]]) if "report" in sys.argv[1:2] else "featurelens report"


if __name__ == "__main__":
    from featurelens.scripts.terminal.running import run_alone

    run_alone("report", report)
