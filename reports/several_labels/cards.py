"""Pictures with a map for each of their labels: the worst ones as cards, and what each label looks for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from ..drawing.colors import contrast_overlay
from ..drawing.enlarging import enlarge
from ..drawing.pictures import pictures
from ..drawing.wording import count, number, percent
from ..html.components import how_to_read, joined, name_html, notice, view
from ..html.page import Section
from ..html.tiles import Sprite, sprite, tile_html
from ..sections.section import About
from ..tasks.picture_maps import map_views
from .evidence import MOST_LABELS, LabelMaps, LabelsEvidence, OneLabel


def worst_section(found: LabelsEvidence, about: About) -> tuple[Section, list[Sprite]]:
    """The pictures with the most wrong labels, each with a map for each of its labels."""
    lead = "Which pictures have the most wrong labels, and where does each label look?"
    if not len(found.worst.numbers):
        said = Markup("<p>Every label of every picture is right.</p>")
        return Section("worst", "Wrong labels", said, lead=lead, view="images"), []
    plain, laid = _sheets(found.worst, about)
    sheets = [sprite("worst", plain), *([] if laid is None else [sprite("worst-maps", laid)])]
    cards = []
    for image in dict.fromkeys(found.worst.numbers.tolist()):
        cards.append(_card(image, np.flatnonzero(found.worst.numbers == image), found, about, sheets))
    html = joined([_about_maps(found), Markup('<div class="pair">{}</div>').format(joined(cards))])
    return Section("worst", "Wrong labels", html, lead=lead, view="images"), sheets


def _sheets(shown: LabelMaps, about: About) -> tuple[np.ndarray, np.ndarray | None]:
    dataset = about.dataset
    plain = pictures(dataset.shown[shown.numbers], dataset.shown_range, 84)
    if shown.maps.signed is None:
        return plain, None
    ends = np.abs(shown.maps.signed).max(axis=(1, 2), keepdims=True)
    return plain, contrast_overlay(plain, enlarge(shown.maps.signed, plain.shape[1:3]), ends)


def _card(image: int, rows: np.ndarray, found: LabelsEvidence, about: About, sheets: Sequence[Sprite]) -> Markup:
    shown, called = found.worst, about.dataset.called(image)
    views = [view(tile_html(sheets[0], int(rows[0]), f"image {called}"), "The picture")]
    for row in rows:
        name, state = found.names[shown.labels[row]], state_of(bool(shown.borne[row]), bool(shown.answered[row]))
        said = f"{percent(float(shown.probabilities[row]), 0)}, {state}"
        if len(sheets) == 1:
            views.append(view(tile_html(sheets[0], int(row), f"image {called}"), name_html(name), note=said))
            continue
        tile = tile_html(sheets[1], int(row), f"{shown.maps.signed_by} of {name} over image {called}")
        signed = shown.maps.signed
        end = "" if signed is None else f"; map ±{number(float(np.abs(signed[row]).max()))}"
        views.append(view(tile, name_html(name), note=f"{said}{end}"))
    missed = [found.names[shown.labels[row]] for row in rows if shown.borne[row] and not shown.answered[row]]
    added = [found.names[shown.labels[row]] for row in rows if shown.answered[row] and not shown.borne[row]]
    told = "; ".join(f"{what} {', '.join(names)}" for what, names in (("missed", missed), ("added", added)) if names)
    return Markup('<article><h3>Image {}</h3><p>{}</p><div class="views">{}</div></article>').format(
        called, f"{told[:1].upper()}{told[1:]}.", joined(views)
    )


def state_of(borne: bool, answered: bool) -> str:
    """A label of a picture in a word: 'right', 'missed' or 'added', which is answered and not borne."""
    return "right" if borne == answered else "missed" if borne else "added"


def _about_maps(found: LabelsEvidence) -> Markup:
    method = found.worst.maps.signed_by
    if method is None:
        return notice("The pictures come without maps: the model takes whole numbers and has no layer with places.")
    where = f"at {found.cam_layer}" if found.cam_layer else "at the input"
    return how_to_read(
        f"A map for each label ({method}, {where}): warm places speak for the label, cold ones against it, in units of its "
        f"logit; a map’s own largest size is its full colour. Wrong labels come first: missed is borne and not answered, added "
        f"is answered and not borne. Each label’s probability is its own; they need not sum to 100 %."
    )


def looks_section(found: LabelsEvidence, about: About) -> tuple[Section, list[Sprite]]:
    """An article for each label: its surest right answers, the surest wrong ones, and those missed."""
    articles, sprites = [], []
    for each in found.labels:
        article, sheets = _article(each, found, about)
        articles.append(article)
        sprites += sheets
    left = len(found.names) - len(found.labels)
    cut = [notice(f"{count(left, 'label')} with fewer wrong answers left out of {MOST_LABELS} shown.")] if left else []
    lead = "What does the model look at where it answers a label, rightly and wrongly?"
    html = joined([*cut, _about_maps(found), *articles])
    return Section("looks", "What each label looks for", html, lead=lead, view="looks"), sprites


def _article(each: OneLabel, found: LabelsEvidence, about: About) -> tuple[Markup, list[Sprite]]:
    parts, sprites = [], []
    groups = (
        ("right", "Right, the surest first"),
        ("added", "Added, the surest first"),
        ("missed", "Missed, the least likely first"),
    )
    for kind, heading in groups:
        shown: LabelMaps = getattr(each, kind)
        if not len(shown.numbers):
            continue
        notes = [
            (percent(float(p), 0), f"image {about.dataset.called(int(image))}")
            for image, p in zip(shown.numbers, shown.probabilities, strict=True)
        ]
        html, sheets = map_views(f"looks-{each.label}-{kind}", shown.numbers, shown.maps, notes, about, more=False)
        parts.append(Markup("<h4>{}</h4>{}").format(heading, html))
        sprites += sheets
    figures = found.figures[each.label]
    said = f"Borne by {count(figures.images, 'picture')}, answered to {figures.answered:,}."
    return Markup('<article id="label-{}"><h3>{}</h3><p>{}</p>{}</article>').format(
        each.label, name_html(figures.name), said, joined(parts)
    ), sprites
