"""Pictures with their maps: the worst errors, the extreme answers, and where the number is raised and lowered on average."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from ..drawing.colors import contrast_overlay
from ..drawing.enlarging import enlarge
from ..drawing.pictures import pictures
from ..drawing.wording import count, number, with_minus
from ..html.components import EMPTY, how_to_read, joined, notice, view
from ..html.page import Section
from ..html.tiles import Sprite, sprite, tile_html
from ..html.trust_marks import method_mark
from ..sections.section import About
from ..tasks.picture_maps import in_order, map_views
from .evidence import MeanMaps, RegressionEvidence, ShownPictures


def worst_section(found: RegressionEvidence, about: About) -> tuple[Section, list[Sprite]]:
    """The pictures whose answers are off the furthest."""
    shown, sprites = _cards("worst", found.worst, found, about, errors=True)
    html = joined([*_about_maps(found, found.worst), shown])
    lead = "Which pictures are furthest off, and where did the model look?"
    return Section("worst", "Largest errors", html, lead=lead, view="images"), sprites


def raising_section(found: RegressionEvidence, about: About) -> tuple[Section, list[Sprite]]:
    """What raises the number and what lowers it: on average, at the highest answers and at the lowest."""
    average, sheets = _average(found.average, found, about)
    highest, high = _cards("highest", found.highest, found, about)
    lowest, low = _cards("lowest", found.lowest, found, about)
    html = [
        *_about_maps(found, found.highest),
        average,
        Markup("<h3>The highest answers</h3>{}").format(highest),
        Markup("<h3>The lowest answers</h3>{}").format(lowest),
    ]
    lead = f"What raises {found.names[found.explained]}, and what lowers it?"
    return Section("raising", "What raises it", joined(html), lead=lead, view="raising"), [*sheets, *high, *low]


def _about_maps(found: RegressionEvidence, shown: ShownPictures) -> list[Markup]:
    if found.average is None:
        return [notice("The pictures come without maps: the model takes whole numbers and has no layer with places.")]
    where = f"at {found.cam_layer}" if found.cam_layer else "at the input"
    of = f"of {found.names[found.explained]}" if len(found.names) > 1 else "of the number"
    cam = "raises" if found.direction == "up" else "lowers"
    after = f" Grad-CAM shows what {cam} it." if shown.maps.cam is not None else ""
    return [
        how_to_read(
            f"From left to right: {in_order(shown.maps)}. In the map of {shown.maps.signed_by}, taken {where}, warm places raise "
            f"the number and cold ones lower it, in units {of}{_in(found.unit)}; a map's own largest size is its full "
            f"colour.{after} They are the model's reasons, right or wrong."
        )
    ]


def _in(unit: str) -> str:
    return f", {unit}" if unit else ""


def _cards(
    name: str, shown: ShownPictures, found: RegressionEvidence, about: About, *, errors: bool = False
) -> tuple[Markup, list[Sprite]]:
    unit, notes = f" {found.unit}" if found.unit else "", []
    for image, true, said in zip(shown.numbers, shown.true, shown.answered, strict=True):
        called, off = f"image {about.dataset.called(int(image))}", _signed(said - true, plus=True)
        if errors:
            notes.append((f"{off}{unit}", f"{called}: true {_signed(true)}, predicted {_signed(said)}"))
        else:
            notes.append((f"{_signed(said)}{unit}", f"{called}: true {_signed(true)}, off by {off}"))
    return map_views(name, shown.numbers, shown.maps, notes, about)


def _signed(value: float, *, plus: bool = False) -> str:
    sign = "+" if plus and value > 0 else ""
    return f"{sign}{with_minus(number(float(value)))}"


def _average(found: MeanMaps | None, told: RegressionEvidence, about: About) -> tuple[Markup, list[Sprite]]:
    if found is None or found.maps.signed is None:
        return EMPTY, []
    plain = pictures(found.picture, about.dataset.shown_range, 140)
    end = float(np.abs(found.maps.signed).max())
    laid = contrast_overlay(plain, enlarge(found.maps.signed, plain.shape[1:3]), end)
    sheets = [sprite("mean-picture", plain), sprite("mean-map", laid)]
    views = [
        view(tile_html(sheets[0], 0, "mean of the pictures"), "Mean picture", note=count(found.images, "picture")),
        view(
            tile_html(sheets[1], 0, "mean signed map over the mean picture"),
            "Mean map",
            note=f"±{number(end)}",
            mark=method_mark(about.verdicts, found.maps.signed_by or ""),
        ),
    ]
    unit = f" {told.unit}" if told.unit else ""
    said = (
        f"On average over {count(found.images, 'picture')} what raises {told.names[told.explained]} adds up to "
        f"{number(found.raised)}{unit} a picture, and what lowers it to {with_minus(number(found.lowered))}{unit}."
    )
    html = Markup('<h3>On average</h3><p>{}</p><div class="views">{}</div>').format(said, joined(views))
    return html, sheets
