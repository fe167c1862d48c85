"""The data's pictures: each class's mean and deviation, examples, equal images, and those nearest to another class."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from markupsafe import Markup

from ...models.datasets.dataset import Dataset
from ...models.datasets.exploration import Exploration
from ..drawing.colors import colorize
from ..drawing.pictures import pictures, pictures_at, shrunk
from ..drawing.wording import count, number
from ..html.components import folded, joined, maps, name_html, scale_bar, view
from ..html.tiles import Sprite, sprite, strip_html, tile_html

MOST_CLASSES = 30
_MOST_GROUPS = 24  # of equal images
_MOST_TWINS = 6  # shown of a group


@dataclass(frozen=True, eq=False)
class ClassPictures:
    """Mean and deviation of the classes that are shown."""

    shown: list[int]  # classes with images; of more than 30, those with the most
    html: Markup
    sprites: list[Sprite]


def class_pictures(dataset: Dataset, explored: Exploration, prefix: str) -> ClassPictures:
    """Draw the mean image and the deviation of each class."""
    present = np.flatnonzero(explored.counts > 0)
    shown = sorted(int(label) for label in present[np.argsort(-explored.counts[present], kind="stable")][:MOST_CLASSES])
    spread = explored.deviations[shown].mean(axis=-1)
    most = float(spread.max())
    sheets = {
        "mean": sprite(f"{prefix}means", pictures(explored.means[shown], dataset.shown_range)),
        "deviation": sprite(
            f"{prefix}deviations", colorize(shrunk(spread[..., np.newaxis])[..., 0], "evidence", (0.0, most))
        ),
    }
    rows = []
    for what, sheet in sheets.items():
        tiles = (
            (tile_html(sheet, place, f"{what} of {dataset.class_names[label]}"), dataset.class_names[label])
            for place, label in enumerate(shown)
        )
        scale = scale_bar("evidence", "0", number(most), unit="pixel value") if what == "deviation" else Markup("")
        rows.append(Markup('<p class="row-name">{} {}</p>{}').format(what, scale, maps(tiles)))
    introduction = Markup(
        "<p>The mean is sharp where the images of a class agree; the deviation is bright where they differ.</p>"
    )
    html = joined([introduction, Markup('<div class="classes">{}</div>').format(joined(rows))])
    return ClassPictures(shown, html, list(sheets.values()))


def fewer_examples(explored: Exploration, share: float) -> Exploration:
    """The same with a share, 0 to 1, of the examples and of the nearest pairs: at least two of each class, and four pairs."""
    if share >= 1:
        return explored
    near = explored.neighbours
    pairs = max(4, round(len(near.pairs) * share))
    return replace(
        explored,
        samples=tuple(kept[: max(2, round(len(kept) * share))] for kept in explored.samples),
        neighbours=replace(near, pairs=near.pairs[:pairs], distances=near.distances[:pairs]),
    )


def sample_pictures(
    dataset: Dataset, explored: Exploration, shown: list[int], prefix: str
) -> tuple[Markup, list[Sprite]]:
    """Draw the examples of each class, with their numbers in the data."""
    most = max(len(explored.samples[label]) for label in shown)
    numbers = np.concatenate([explored.samples[label] for label in shown])
    drawn = pictures_at(dataset.shown, numbers, dataset.shown_range)
    rows_of = np.zeros((len(shown), most, *drawn.shape[1:]), np.uint8)
    ends = np.cumsum([len(explored.samples[label]) for label in shown])
    for row, (label, end) in enumerate(zip(shown, ends, strict=True)):
        amount = len(explored.samples[label])
        rows_of[row, :amount] = drawn[end - amount : end]
    sheet = sprite(f"{prefix}samples", rows_of.reshape(-1, *drawn.shape[1:]), columns=most)
    rows = []
    for row, label in enumerate(shown):
        told = ", ".join(dataset.called(image) for image in explored.samples[label])
        strip = strip_html(sheet, row, f"{dataset.class_names[label]}: images {told}")
        rows.append(
            Markup('<p class="row-name">{}: {}</p>{}').format(name_html(dataset.class_names[label]), told, strip)
        )
    amount = f"{count(len(numbers), 'image')} sampled, up to {most} of a class"
    return folded("Images of each class", joined(rows), count=amount), [sheet]


def duplicate_pictures(dataset: Dataset, explored: Exploration, prefix: str) -> tuple[Markup, list[Sprite]]:
    """Draw the groups of equal images, those of different classes first."""
    groups = sorted(explored.duplicates, key=lambda group: len(set(dataset.labels[group])) == 1)
    if not groups:
        return Markup("<p>No two images are equal in every pixel.</p>"), []
    mixed = sum(len(set(dataset.labels[group])) > 1 for group in groups)
    surplus = sum(len(group) - 1 for group in groups)
    said = "none of them with different classes" if not mixed else f"{mixed:,} of them with different classes"
    kept = [group[:_MOST_TWINS] for group in groups[:_MOST_GROUPS]]
    sheet = sprite(f"{prefix}equal", pictures_at(dataset.shown, [group[0] for group in kept], dataset.shown_range))
    views = (_equal_view(dataset, sheet, place, group, len(groups[place])) for place, group in enumerate(kept))
    text = Markup(
        "<p>{} of images equal in every pixel, {}; {} could be left out without losing a picture.</p>"
    ).format(count(len(groups), "group"), said, count(surplus, "image"))
    cut = Markup("<p>The first {} are shown.</p>").format(len(kept)) if len(kept) < len(groups) else Markup("")
    return joined([text, cut, Markup('<div class="views">{}</div>').format(joined(views))]), [sheet]


def _equal_view(dataset: Dataset, sheet: Sprite, place: int, group: np.ndarray, size: int) -> Markup:
    names = dict.fromkeys(dataset.class_names[label] for label in dataset.labels[group])
    images = ", ".join(dataset.called(image) for image in group) + (
        f" and {size - len(group)} more" if size > len(group) else ""
    )
    said = " / ".join(names)
    return view(tile_html(sheet, place, f"images {images}, {said}"), said, note=f"images {images}")


def nearest_pictures(dataset: Dataset, explored: Exploration, prefix: str) -> tuple[Markup, list[Sprite]]:
    """Draw the pairs of images of different classes that are nearest to each other."""
    found = explored.neighbours
    if not len(found.pairs):
        return Markup(""), []
    sheet = sprite(f"{prefix}nearest", pictures_at(dataset.shown, found.pairs.ravel(), dataset.shown_range), columns=12)
    views = []
    for place, ((one, other), distance) in enumerate(zip(found.pairs, found.distances, strict=True)):
        names = [dataset.class_names[dataset.labels[image]] for image in (one, other)]
        tiles = [
            tile_html(sheet, 2 * place + side, f"image {dataset.called(image)}, {name}")
            for side, (image, name) in enumerate(zip((one, other), names, strict=True))
        ]
        twins = Markup('<span class="twins">{}{}</span>').format(*tiles)
        views.append(view(twins, " | ".join(names), note=f"{one} and {other}, distance {distance:.2f}"))
    text = Markup("<p>{}: each is an image beside its nearest one of another class; the nearest first.</p>")
    return joined(
        [text.format(count(len(views), "pair")), Markup('<div class="views twin-views">{}</div>').format(joined(views))]
    ), [sheet]
