"""Shortcuts that the model relies on, content that it does not use, and groups of a new kind that it fails on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from markupsafe import Markup

from ....interpret import FailingGroup, Shortcut
from ....interpret.stream.statistic import Statistic
from ....models.datasets.resizing import resize_images
from ...drawing.colors import colorize
from ...drawing.pictures import MOST_PIXELS, pictures, pictures_at
from ...drawing.shortcut_words import NOT_SEEN, group_sentence, nothing_found, remedy, sentence
from ...drawing.wording import count, percent
from ...evidence.screening.shortcuts import (
    ShortcutPictures,
    ShortcutsEvidence,
    can_be_looked_for,
    compared_of,
    gather_shortcuts,
)
from ...evidence.seen import Seen
from ...html.components import joined, view
from ...html.tiles import Sprite, sprite, tile_html
from ..section import About, Finding, Part

_MOST_LISTED = 100  # images of one list, which the page holds pictures of
_GROUP_SHOWN = 12


class ShortcutsSection:
    """The section; see `ReportSection`."""

    view = "shortcuts"
    id, title, lead = "shortcuts", "Shortcuts and failing groups", "Does the model read something else than the object?"

    def needs(self, seen: Seen) -> tuple[Statistic[Any], ...]:
        """The model's answers, and small pictures."""
        return (seen.surveying(), *((compared_of(seen),) if can_be_looked_for(seen) else ()))

    def evidence(self, seen: Seen, earlier: Mapping[str, Any]) -> ShortcutsEvidence | None:
        """The search; None where the images are no pictures, or of one class."""
        return gather_shortcuts(seen)

    def findings(self, found: ShortcutsEvidence, about: About) -> Iterator[Finding]:
        """What is relied on, and what fails; nothing where nothing is."""
        for shortcut in _whole(found):
            if shortcut.reliance == "relied on":
                said = sentence(shortcut, about.class_names)
                yield Finding(said, "problem", shortcut.effect, self.id, "the proof", 0.97)
        for group in found.groups.found:
            yield Finding(group_sentence(group), "problem", group.error, "failing-groups", "the group", 0.93)

    def html(self, found: ShortcutsEvidence, about: About) -> Part:
        """Each content with its pictures, then the groups."""
        sheets: list[Sprite] = []
        blocks = [
            _block(place, shortcut, drawn, about, sheets)
            for place, (shortcut, drawn) in enumerate(zip(_whole(found), found.pictures, strict=True))
        ]
        said = joined(blocks) if blocks else Markup("<p>{}</p>").format(nothing_found(found.shortcuts))
        shortcuts = Markup('<h3 id="shortcut-proofs">Shortcuts</h3>{}<p class="note">{}</p>').format(said, NOT_SEEN)
        groups = Markup('<h3 id="failing-groups">Failing groups</h3>{}').format(_groups(found, about, sheets))
        flags = _flags(found)
        return Part(
            joined([shortcuts, groups]),
            sheets,
            [("shortcut-proofs", "Shortcuts"), ("failing-groups", "Failing groups")],
            payload={"flags": flags},
            pictures=sorted({number for flag in flags for number in flag["ids"]}),
        )


def _whole(found: ShortcutsEvidence) -> list[Shortcut]:
    """The shortcuts with their masks."""
    return [replace(each, mask=mask) for each, mask in zip(found.shortcuts.found, found.masks, strict=True)]


def _flags(found: ShortcutsEvidence) -> list[dict[str, Any]]:
    """The lists that the images can be filtered by."""
    lists = [
        (f"shortcut-{place}", f"carry content {place + 1}", each.carriers)
        for place, each in enumerate(found.shortcuts.found)
    ]
    lists += [
        (f"group-{place}", f"failing group {place + 1}", each.numbers) for place, each in enumerate(found.groups.found)
    ]
    return [
        {"id": name, "title": title, "ids": [int(number) for number in numbers[:_MOST_LISTED]]}
        for name, title, numbers in lists
        if len(numbers)
    ]


def _block(place: int, shortcut: Shortcut, drawn: ShortcutPictures, about: About, sheets: list[Sprite]) -> Markup:
    """One content: its sentence, its pictures, its remedy and the images that carry it."""
    text = [Markup("<p>{}</p>").format(sentence(shortcut, about.class_names))]
    views, sheet = _views(place, shortcut, drawn, about)
    sheets += [] if sheet is None else [sheet]
    text.append(Markup('<div class="views">{}</div>').format(joined(views)))
    if shortcut.kind in ("mark", "frame"):
        text.append(Markup('<p class="note">Rows and columns are counted from 0, from the upper left.</p>'))
    if shortcut.reliance == "relied on":
        text.append(Markup("<p>{}</p>").format(remedy(shortcut, about.class_names)))
    if len(shortcut.carriers):
        text.append(_link(f"shortcut-{place}", shortcut.carriers, "carry it"))
    return joined(text)


def _link(flag: str, numbers: np.ndarray, what: str) -> Markup:
    shown = "" if len(numbers) <= _MOST_LISTED else f", the first {_MOST_LISTED}"
    verb = what if len(numbers) != 1 else what.replace("carry", "carries")
    return Markup('<p><a href="#/images?flag={}">{} {}{} →</a></p>').format(
        flag, count(len(numbers), "image"), verb, shown
    )


def _views(place: int, shortcut: Shortcut, drawn: ShortcutPictures, about: About) -> tuple[list[Markup], Sprite | None]:
    """The pictures of one content, out of one sprite."""
    data, name = about.dataset, about.class_names[shortcut.label]
    tiles: list[np.ndarray] = []
    told: list[tuple[str, str]] = []
    if drawn.difference is not None:
        tiles.append(_signed(drawn.difference))
        told.append(("Mean with less mean without", f"{name}; red: brighter with it"))
    for numbers, word in ((drawn.bearing, "with it"), (drawn.free, "without it")):
        if len(numbers):
            tiles += list(pictures_at(data.shown, numbers, data.shown_range))
            told += [(f"{name}, {word}", f"image {data.called(int(number))}") for number in numbers]
    if shortcut.kind != "stamp" and len(drawn.changed) and len(drawn.bearing):
        before = pictures_at(data.images, drawn.changed, data.value_range)
        after = pictures(drawn.pasted, data.value_range)
        for row, number in enumerate(drawn.changed):
            true = about.class_names[int(data.labels[number])]
            tiles += [before[row], after[row]]
            told += [(f"{true}, as it is", f"image {data.called(int(number))}"), (f"{true}, with it", "pasted in")]
    if drawn.evidence is not None:
        size = tiles[-1].shape[:2]
        tiles.append(_signed(resize_images(drawn.evidence[np.newaxis, ..., np.newaxis], *size)[0, ..., 0]))
        told.append((f"Mean evidence for {name}", f"{drawn.method}, over images with it"))
    if not tiles:
        return [], None
    sheet = sprite(f"shortcut-{place}", np.stack([_rgb(tile) for tile in tiles]))
    pairs = enumerate(told)
    return [view(tile_html(sheet, row, f"{what}; {note}"), what, note=note) for row, (what, note) in pairs], sheet


def _signed(values: np.ndarray) -> np.ndarray:
    """uint8[h,w,3]: red above 0, blue below; no larger than the pictures."""
    scale = MOST_PIXELS / max(values.shape)
    if scale < 1:
        size = (max(1, round(side * scale)) for side in values.shape)
        values = resize_images(values[np.newaxis, ..., np.newaxis].astype(np.float32), *size)[0, ..., 0]
    most = float(np.abs(values).max()) or 1.0
    return colorize(values, "signed", (-most, most))


def _rgb(tile: np.ndarray) -> np.ndarray:
    return tile if tile.ndim == 3 else np.repeat(tile[..., np.newaxis], 3, axis=2)


def _groups(found: ShortcutsEvidence, about: About, sheets: list[Sprite]) -> Markup:
    text = [_group(place, each, about, sheets) for place, each in enumerate(found.groups.found)] or [
        Markup("<p>{}</p>").format(
            f"No group of images unlike the rest of their classes is answered wrong more often, among "
            f"{count(found.groups.looked_at, 'image')}."
        )
    ]
    if found.groups.hard:
        hard = ", ".join(
            f"{about.class_names[each.label]} ({percent(each.error)} of {each.images:,})" for each in found.groups.hard
        )
        text.append(Markup("<p>Hard cases, which every model has, by the share answered wrong: {}.</p>").format(hard))
    return joined(text)


def _group(place: int, group: FailingGroup, about: About, sheets: list[Sprite]) -> Markup:
    data, shown = about.dataset, group.numbers[:_GROUP_SHOWN]
    sheet = sprite(f"failing-group-{place}", pictures_at(data.shown, shown, data.shown_range))
    sheets.append(sheet)
    views = [
        view(
            tile_html(sheet, row, f"{about.class_names[int(data.labels[number])]}"),
            about.class_names[int(data.labels[number])],
            note=f"image {data.called(int(number))}",
        )
        for row, number in enumerate(shown)
    ]
    return joined(
        [
            Markup("<p>{}</p>").format(group_sentence(group)),
            Markup('<div class="views">{}</div>').format(joined(views)),
            _link(f"group-{place}", group.numbers, "in this group"),
        ]
    )
