"""Pictures beside their maps: what raises and what lowers a score, Grad-CAM and saliency, each with its scale in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from ...interpret import GradCAM, HiResCAM, InputXGradient, Saliency
from ..drawing.colors import ColorScale, contrast_overlay, limits_of, overlay
from ..drawing.enlarging import enlarge
from ..drawing.pictures import pictures
from ..drawing.wording import number
from ..evidence.trust import CONTRAST, GRAD_CAM, SALIENCY
from ..evidence.twin import DrawnOnly
from ..html.components import joined, view
from ..html.tiles import Sprite, sprite, tile_html
from ..html.trust_marks import method_mark
from ..sections.section import About

AT_INPUT = "Input × gradient"


@dataclass(frozen=True, eq=False)
class Maps:
    """Maps of some images, each in units of the score; None where the model refuses the method."""

    signed: DrawnOnly[np.ndarray | None]  # float32[n,h,w], what raises the score (above 0) and what lowers it
    cam: DrawnOnly[np.ndarray | None]  # float32[n,h,w], Grad-CAM: at least 0
    saliency: DrawnOnly[np.ndarray | None]  # float32[n,H,W], at least 0
    signed_by: str | None  # the method of the signed ones


@dataclass(frozen=True, eq=False)
class MapMakers:
    """The methods of a report, traced once."""

    signed: Any
    cam: Any
    saliency: Any
    signed_by: str | None
    batch_size: int

    @classmethod
    def of(cls, model: Any, cam_layer: str | None, *, gradient: bool, batch_size: int) -> MapMakers:
        """Those that the model takes: at the layer where there is one with places, at the input where it has a gradient."""
        if cam_layer is not None:
            saliency = Saliency(model) if gradient else None
            return cls(HiResCAM(model, cam_layer), GradCAM(model, cam_layer), saliency, CONTRAST, batch_size)
        if not gradient:
            return cls(None, None, None, None, batch_size)
        return cls(InputXGradient(model), None, Saliency(model), AT_INPUT, batch_size)

    def __call__(self, images: np.ndarray, classes: np.ndarray | int = 0) -> Maps:
        """The maps of images, of one score or one for each image."""
        made = [
            None
            if method is None or not len(images)
            else method(images, np.broadcast_to(np.asarray(classes, np.int32), len(images)), batch_size=self.batch_size)
            for method in (self.signed, self.cam, self.saliency)
        ]
        signed, cam, saliency = made
        return Maps(signed, cam, saliency, self.signed_by)


def map_views(
    name: str, numbers: np.ndarray, maps: Maps, notes: Sequence[tuple[str, str]], about: About, *, more: bool = True
) -> tuple[Markup, list[Sprite]]:
    """Each picture, beside it the maps over it, with a (what, note) below.

    Args:
        name: Of the sprites, once in a page.
        numbers: int64[n], of the images.
        maps: Of these.
        notes: For each picture.
        about: The report.
        more: Also Grad-CAM and saliency.
    """
    dataset = about.dataset
    plain = pictures(dataset.shown[numbers], dataset.shown_range, 84)
    drawn = {"": plain, **_drawn(plain, maps, more=more)}
    sheets = {method: sprite(f"{name}{place or ''}", tiles) for place, (method, tiles) in enumerate(drawn.items())}
    views = []
    for place, (what, note) in enumerate(notes):
        tiles = [
            tile_html(sheet, place, f"{method} over the picture; {what}" if method else f"picture {note}; {what}")
            for method, sheet in sheets.items()
        ]
        ends = _ends(maps, place, more=more)
        shown = Markup('<span class="twins">{}</span>').format(Markup("").join(tiles))
        mark = method_mark(about.verdicts, maps.signed_by or "")
        views.append(view(shown, what, note="; ".join(part for part in (note, ends) if part), mark=mark))
    return Markup('<div class="views twin-views">{}</div>').format(joined(views)), list(sheets.values())


def _drawn(plain: np.ndarray, maps: Maps, *, more: bool) -> dict[str, np.ndarray]:
    size, drawn = plain.shape[1:3], {}
    if maps.signed is not None:
        ends = np.abs(maps.signed).max(axis=(1, 2), keepdims=True)
        drawn[maps.signed_by or ""] = contrast_overlay(plain, enlarge(maps.signed, size), ends)
    further: tuple[tuple[str, np.ndarray | None, ColorScale], ...] = (
        (GRAD_CAM, maps.cam, "evidence"),
        (SALIENCY, maps.saliency, "saliency"),
    )
    for method, values, scale in further:
        if values is not None and more:
            limits = limits_of(values, scale, axis=(1, 2))
            drawn[method] = overlay(plain, enlarge(np.asarray(values), size), scale, limits)
    return drawn


def _ends(maps: Maps, place: int, *, more: bool) -> str:
    """The values at which each map's colours are full."""
    told = [] if maps.signed is None else [f"map ±{number(float(np.abs(maps.signed[place]).max()))}"]
    if more and maps.cam is not None:
        told.append(f"Grad-CAM to {number(float(maps.cam[place].max()))}")
    if more and maps.saliency is not None:
        told.append(f"saliency to {number(float(maps.saliency[place].max()))}")
    return ", ".join(told)


def in_order(maps: Maps, *, more: bool = True) -> str:
    """What the pictures beside each other are, a sentence's part: 'the picture, HiResCAM, Grad-CAM and saliency'."""
    names = [maps.signed_by] if maps.signed is not None and maps.signed_by else []
    names += [name for name, values in ((GRAD_CAM, maps.cam), (SALIENCY, maps.saliency)) if more and values is not None]
    return ", ".join(["the picture", *names])
