"""Compare models on the same images: `featurelens compare NAME...`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from featurelens.scripts.options.early_checks import checked_data
from featurelens.scripts.options.measuring import HtmlFile, Seed, TrustImages
from featurelens.scripts.options.opening import Data, Opening, load_with_card, open_for
from featurelens.scripts.options.outputs import check_page_outputs
from featurelens.scripts.options.records import Without, takes_records
from featurelens.scripts.terminal.saying import say

if TYPE_CHECKING:
    from featurelens.reports.comparison.evidence import Contestant


@takes_records
def compare(
    models: Annotated[
        list[str] | None, typer.Argument(help="Two or more: shipped names or paths. Without any, all shipped models.")
    ] = None,
    data: Data = None,
    output: HtmlFile = Path("featurelens-comparison.html"),
    trust_images: TrustImages = None,
    seed: Seed = 0,
    opening: Annotated[Opening, Without("task", "model_output", "wrt", "held")] = Opening(),
) -> None:
    """Compare models on the same images: figures, tests, images that they answer differently, maps side by side, layers.

    Each model gets the images in the pixel range of its card, unless --scale names one for all.
    """
    from featurelens.reports.files.whole_files import check_writable
    from featurelens.scripts.terminal.progress import steps_shown

    target = output.expanduser().absolute()
    check_writable(target)
    chosen = _chosen(models)
    images_from = checked_data(list(chosen), data, opening)
    check_page_outputs([target], models=chosen, data=[images_from], files=[opening.class_names])
    contestants = [_contestant(model, name, images_from, opening) for model, name in chosen.items()]
    from featurelens.reports.comparison.page import write_comparison
    from featurelens.reports.evidence.trust import TRUST_IMAGES

    tested = TRUST_IMAGES if trust_images is None else trust_images
    with steps_shown() as step:
        path = write_comparison(contestants, output, trust_images=tested, seed=seed, command=_command(), step=step)
    say(f"Wrote {path} ({path.stat().st_size / 1e6:.1f} MB). Open it in a browser.")


def _chosen(models: list[str] | None) -> dict[str, str]:
    """What was asked for, each with a short name; every one must exist before the first is loaded."""
    from featurelens.models.model_files.loading import model_path, shipped_models

    asked = list(dict.fromkeys(models or shipped_models()))
    if len(asked) < 2:
        raise ValueError(
            f"Expected two or more models to compare. Received {', '.join(asked) or 'none'}"
            f"{' alone' if models is None or len(models) < 2 else f' {len(models)} times'}. "
            f"Name shipped ones ({', '.join(shipped_models())}) or files."
        )
    stems = [model_path(model).stem for model in asked]
    return {model: stem if stems.count(stem) == 1 else model for model, stem in zip(asked, stems, strict=True)}


def _contestant(model: str, name: str, data: str, opening: Opening) -> Contestant:
    loaded, card = load_with_card(model, opening)
    dataset = open_for(data, loaded, card, opening)
    from featurelens.reports.comparison.evidence import Contestant

    return Contestant(name, loaded, dataset, card)


def _command() -> str | None:
    return shlex.join(["featurelens", *sys.argv[1:]]) if "compare" in sys.argv[1:2] else None


if __name__ == "__main__":
    from featurelens.scripts.terminal.running import run_alone

    run_alone("compare", compare)
