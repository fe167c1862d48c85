"""A page about data alone: its splits beside each other, then each of them."""

from __future__ import annotations

import datetime
import importlib.metadata
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from markupsafe import Markup

from ..models.datasets.dataset import Dataset
from ..models.datasets.duplicates import shared_images
from ..models.datasets.exploration import Exploration, explore
from .drawing.pictures import pictures_at
from .drawing.wording import count, listed, percent, shape
from .files.whole_files import check_page, write_whole
from .html.components import EMPTY, figure, joined, notice, table, view
from .html.page import Header, KeyFigure, Section, render_page
from .html.tiles import Sprite, sprite, tile_html
from .plots.data import class_distribution
from .sections.data import NOT_COMPARED, split_part

_MOST_SHARED = 24  # pictures of images that two splits share


def write_exploration(datasets: Mapping[str, Dataset], path: str | Path, *, seed: int = 0) -> Path:
    """Describe data, and write one HTML file about it.

    Args:
        datasets: {name of the split, such as 'test': its images}, all of the same classes and range of values.
        path: the file; an older one is replaced in one step when the new one is whole.
        seed: of the images that are sampled.

    Returns:
        The absolute path of the file.

    Raises:
        ValueError: The file cannot be written, there is no split, or the splits are not of one kind.
    """
    target = Path(path).expanduser().absolute()
    check_page(target)
    _check_splits(datasets)
    explored = {name: explore(dataset, seed=seed) for name, dataset in datasets.items()}
    write_whole(target, exploration_html(datasets, explored))
    return target


def _check_splits(datasets: Mapping[str, Dataset]) -> None:
    kinds = {(dataset.class_names, dataset.value_range) for dataset in datasets.values()}
    if len(kinds) != 1:
        raise ValueError(
            f"Expected splits of the same classes and range of values. Received {len(kinds)} kinds in {len(datasets)} "
            "splits. Open them with the same class names and scale."
        )


def exploration_html(datasets: Mapping[str, Dataset], explored: Mapping[str, Exploration]) -> str:
    """The whole page."""
    first, sprites = _overview(datasets, explored)
    sections = [first]
    for place, (name, dataset) in enumerate(datasets.items()):
        part = split_part(dataset, explored[name], name=f"split-{place}", other_splits=EMPTY)
        sections.append(Section(f"split-{place}", f"The {name} split", part.html, part.lead, part.parts))
        sprites += part.sprites
    return render_page("What is in the data", sections, _header(datasets, explored), sprites)


def _header(datasets: Mapping[str, Dataset], explored: Mapping[str, Exploration]) -> Header:
    version = importlib.metadata.version("featurelens")
    some = next(iter(datasets.values()))
    groups = sum(len(found.duplicates) for found in explored.values())
    figures = [
        KeyFigure("Images", f"{sum(map(len, datasets.values())):,}", f"in {count(len(datasets), 'split')}"),
        KeyFigure("Classes", f"{len(some.class_names)}"),
        KeyFigure("Size", shape(some.images.shape[1:]), "height × width × channels"),
        KeyFigure("Equal images", f"{groups:,}", "groups within a split"),
    ]
    return Header(
        kicker=f"featurelens {version} · {datetime.date.today():%d %B %Y}",
        lead=f"{listed([dataset.source for dataset in datasets.values()])}: counts, pixel values, examples, equal images "
        "and the places where classes meet, before any model sees them.",
        figures=figures,
        footer=f"Made by featurelens {version}. This file is complete: it loads nothing from anywhere.",
    )


def _overview(datasets: Mapping[str, Dataset], explored: Mapping[str, Exploration]) -> tuple[Section, list[Sprite]]:
    names = next(iter(datasets.values())).class_names
    rows = [
        (
            name,
            f"{len(dataset):,}",
            shape(dataset.images.shape[1:]),
            _range(explored[name].counts),
            percent(explored[name].black_share),
            f"{len(explored[name].duplicates):,}",
        )
        for name, dataset in datasets.items()
    ]
    columns = ["Split", "Images", "Size", "Images a class", "Black pixels", "Groups of equal images"]
    shown = table(columns, rows, caption="The splits beside each other", numeric=[1, 3, 4, 5])
    drawn = class_distribution({name: found.counts for name, found in explored.items()}, names)
    if len(datasets) == 1:
        html = joined([shown, figure(drawn.svg(), "How many images each class has."), NOT_COMPARED])
        return Section("overview", "The splits", html, lead="How large is the only one given?"), []
    shared, sprites = _shared(datasets)
    html = joined([shown, figure(drawn.svg(), "How many images each class has in each split."), *shared])
    return Section("overview", "The splits", html, lead="How large are they, and do they share images?"), sprites


def _range(counts: np.ndarray) -> str:
    low, high = int(counts.min()), int(counts.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _shared(datasets: Mapping[str, Dataset]) -> tuple[list[Markup], list[Sprite]]:
    """What each two splits share: an image that was trained on and is tested on flatters the test."""
    parts, sprites = [], []
    names = list(datasets)
    for place, (one, other) in enumerate((a, b) for i, a in enumerate(names) for b in names[i + 1 :]):
        sizes = [shape(datasets[name].images.shape[1:]) for name in (one, other)]
        if sizes[0] != sizes[1]:
            parts.append(_of_two_sizes((one, other), sizes))
            continue
        pairs = shared_images(datasets[one].images, datasets[other].images)
        amount, verb = (
            (count(len(pairs), "image"), "is" if len(pairs) == 1 else "are") if len(pairs) else ("No image", "is")
        )
        text = Markup("<p>{} of the {} split {} also in the {} split, equal in every pixel.</p>")
        parts.append(text.format(amount, other, verb, one))
        if len(pairs):
            kept = pairs[:_MOST_SHARED]
            shown = pictures_at(datasets[other].shown, kept[:, 1], datasets[other].shown_range)
            sprites.append(sprite(f"shared-{place}", shown))
            views = (_shared_view(datasets, sprites[-1], (one, other), row, pair) for row, pair in enumerate(kept))
            parts.append(Markup('<div class="views">{}</div>').format(joined(views)))
    return parts, sprites


def _of_two_sizes(splits: tuple[str, str], sizes: list[str]) -> Markup:
    said = ", ".join(f"{size} in the {split} split" for split, size in zip(splits, sizes, strict=True))
    warning = (
        f"Whether the splits share images cannot be told: they are of two sizes, {said}. --size brings both to one."
    )
    return notice(warning, kind="warning")


def _shared_view(
    datasets: Mapping[str, Dataset], sheet: Sprite, splits: tuple[str, str], place: int, pair: np.ndarray
) -> Markup:
    said = [
        f"{split} {image}: {datasets[split].class_names[datasets[split].labels[image]]}"
        for split, image in zip(splits, pair, strict=True)
    ]
    return view(tile_html(sheet, place, ", ".join(said)), said[1], note=said[0])
