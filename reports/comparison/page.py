"""Several models beside each other on the same images, in one HTML file."""

from __future__ import annotations

import datetime
import importlib.metadata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...interpret.progress import Progress
from ..drawing.wording import count, listed, percent
from ..evidence.trust import TRUST_IMAGES
from ..evidence.twin import twin
from ..files.whole_files import check_page, write_whole
from ..html.page import Header, KeyFigure, render_page
from .differences import galleries_section
from .evidence import ComparisonEvidence, Contestant, gather_comparison
from .figures import figures_section, models_section, tests_section
from .layers import layers_section
from .maps import maps_section


def write_comparison(
    contestants: Sequence[Contestant],
    path: str | Path,
    *,
    trust_images: int = TRUST_IMAGES,
    seed: int = 0,
    command: str | None = None,
    step: Progress = False,
) -> Path:
    """Compare models on the same images, and write what was found into one HTML file.

    Args:
        contestants: Two or more models, each with the images in the range that it takes.
        path: The file; an older one is replaced in one step when the new one is whole.
        trust_images: Images that the trust in each model's maps is measured on; 0 measures none.
        seed: Of the bootstrap, and of the images that layers are compared by and maps tested on.
        command: The command line to print on the page.
        step: A function called with (what is being done, done, total); True for a bar of each measure of the maps.

    Returns:
        The absolute path of the file.

    Raises:
        ValueError: The file cannot be written (found before the work starts), or the models cannot be compared.
    """
    target = Path(path).expanduser().absolute()
    check_page(target)
    found = gather_comparison(contestants, trust_images=trust_images, seed=seed, command=command, step=step)
    write_whole(target, comparison_html(found))
    return target


def comparison_html(found: ComparisonEvidence) -> str:
    """The whole page."""
    galleries, gallery_sprites = galleries_section(found)
    maps, map_sprites = maps_section(found)
    sections = [
        figures_section(found),
        tests_section(found),
        galleries,
        maps,
        layers_section(found),
        models_section(found),
    ]
    title = f"{count(len(found.models), 'model')} on the same images"
    return render_page(title, sections, _header(found), [*gallery_sprites, *map_sprites], comparison_twin(found))


def _header(found: ComparisonEvidence) -> Header:
    version = importlib.metadata.version("featurelens")
    correct = np.stack([model.correct for model in found.models])
    best = max(found.models, key=lambda model: model.accuracy.mean)
    decided = sum(pair.adjusted < 0.05 for pair in found.pairs)
    figures = [
        KeyFigure("Highest accuracy", percent(best.accuracy.mean, 2), best.name),
        KeyFigure("All are right", percent(float(correct.all(axis=0).mean())), "of the images"),
        KeyFigure("None is right", percent(float((~correct).all(axis=0).mean())), "of the images"),
        KeyFigure("Told apart", f"{decided} of {len(found.pairs)}", "pairs, at 5 % after Holm"),
    ]
    return Header(
        kicker=f"featurelens {version} · {datetime.date.today():%d %B %Y} · {found.dataset.source}",
        lead=(
            f"{listed([model.name for model in found.models])}, compared on {count(len(found.dataset), 'image')}: which is "
            "better, by more than chance, on which images they part, where each looks, and how alike their layers are."
        ),
        figures=figures,
        footer=f"Made by featurelens {version}. This file is complete: it loads nothing from anywhere.",
    )


def comparison_twin(found: ComparisonEvidence) -> dict[str, Any]:
    """The page's figures for programs: what was compared, and the records of numbers."""
    about = {"data": found.dataset.source, "images": len(found.dataset), "classes": found.dataset.class_names}
    return {"about": twin(about), **twin(found)}
