"""The images that one model gets right and another wrong, pair by pair."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from ..drawing.pictures import pictures
from ..drawing.wording import count, percent
from ..html.components import folded, joined, maps
from ..html.page import Section
from ..html.tiles import Sprite, sprite, tile_html
from .evidence import ComparisonEvidence, Measured, ModelPair

MOST_IMAGES = 40  # shown of each side of a pair
_SIDE = 56  # pixels of a picture in the file
_PER_SHEET = 1500


def galleries_section(found: ComparisonEvidence) -> tuple[Section, list[Sprite]]:
    """The section and its sprites; an image that several galleries show is in them once."""
    sides = {(pair.first, pair.second): _sides(found, pair) for pair in found.pairs}
    numbers = np.unique(np.concatenate([images for pair in sides.values() for images in pair]))
    sheets = _sheets(found, numbers)
    place_of = {int(image): place for place, image in enumerate(numbers)}
    groups = [
        _pair(found, pair, sides[pair.first, pair.second], sheets, place_of, place == 0)
        for place, pair in enumerate(found.pairs)
    ]
    correct = np.stack([model.correct for model in found.models])
    divided = int((correct.any(axis=0) & ~correct.all(axis=0)).sum())
    text = Markup(
        "<p>On {} ({} of all) some models are right and others wrong; on {} all are right, on {} none. For each pair, the "
        "images that only one of the two gets right, those first where the right one is surest; below each what the other "
        "took it for.</p>"
    ).format(
        count(divided, "image"),
        percent(divided / len(found.dataset)),
        f"{int(correct.all(axis=0).sum()):,}",
        f"{int((~correct).all(axis=0).sum()):,}",
    )
    section = Section(
        "differences",
        "Where they part",
        joined([text, *groups]),
        lead="What does each get right that another does not?",
    )
    return section, sheets


def _sides(found: ComparisonEvidence, pair: ModelPair) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the images to show: only the first is right, only the second is."""
    first, second = found.models[pair.first], found.models[pair.second]
    return _only(first, second), _only(second, first)


def _only(right: Measured, wrong: Measured) -> np.ndarray:
    numbers = np.flatnonzero(right.correct & ~wrong.correct)
    sureness = right.evaluation.probabilities[numbers, right.evaluation.labels[numbers]]
    return numbers[np.argsort(-sureness, kind="stable")][:MOST_IMAGES]


def _sheets(found: ComparisonEvidence, numbers: np.ndarray) -> list[Sprite]:
    return [
        sprite(f"part-{start // _PER_SHEET}", pictures(found.dataset.shown[part], found.dataset.shown_range, _SIDE))
        for start in range(0, len(numbers), _PER_SHEET)
        for part in [numbers[start : start + _PER_SHEET]]
    ]


def _pair(
    found: ComparisonEvidence,
    pair: ModelPair,
    sides: tuple[np.ndarray, np.ndarray],
    sheets: list[Sprite],
    place_of: dict[int, int],
    opened: bool,
) -> Markup:
    first, second = found.models[pair.first], found.models[pair.second]
    rows = []
    for right, wrong, images, total in (
        (first, second, sides[0], pair.test.first_only),
        (second, first, sides[1], pair.test.second_only),
    ):
        shown = f", the {len(images)} surest of {total:,}" if len(images) < total else f", {count(total, 'image')}"
        name = Markup('<p class="row-name">only {} is right{}</p>').format(right.name, shown)
        tiles = (_tile(found, wrong, sheets, place_of[int(image)], int(image)) for image in images)
        rows.append(name + maps(tiles))
    amount = f"{pair.test.first_only:,} and {pair.test.second_only:,} images"
    content = Markup('<div class="classes">{}</div>').format(joined(rows))
    return Markup('<div id="pair-{}-{}">{}</div>').format(
        pair.first, pair.second, folded(f"{first.name} – {second.name}", content, count=amount, opened=opened)
    )


def _tile(
    found: ComparisonEvidence, wrong: Measured, sheets: list[Sprite], place: int, image: int
) -> tuple[Markup, str]:
    names = found.dataset.class_names
    true, taken = names[found.dataset.labels[image]], names[wrong.evaluation.predictions[image]]
    label = f"image {image}: {true}, {wrong.name} says {taken}"
    return tile_html(sheets[place // _PER_SHEET], place % _PER_SHEET, label), f"{true} → {taken}"
