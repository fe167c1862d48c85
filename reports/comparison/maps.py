"""Where each model looks, for the same images: maps side by side on one scale, and how far each model's can be trusted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup, escape

from ...interpret.maps.state import MapState, map_states
from ...models.datasets.resizing import resize_images
from ..drawing.colors import ColorScale, colorize, overlay
from ..drawing.enlarging import enlarge
from ..drawing.pictures import pictures
from ..drawing.wording import count, listed, number, percent
from ..evidence.trust import GRAD_CAM, SALIENCY
from ..html.components import EMPTY, joined, scale_bar, table, view
from ..html.map_notes import EMPTY_MAPS, LOGIT_PER_STEP, peak_note, short_unit
from ..html.page import Section
from ..html.tiles import Sprite, sprite, tile_html
from ..html.trust_marks import VERDICT_CAPTION, VERDICT_COLUMNS, anchor, method_link, verdict_cells
from .compared_maps import COMPARED_MAPS
from .evidence import ComparisonEvidence, Measured

_LEVELS = 64  # colours of a map


@dataclass(frozen=True, eq=False)
class _Row:
    """One method's maps of all models that have them, for S images."""

    method: str
    scale: ColorScale
    sheet: Sprite  # a tile a map, the first model's first
    places: tuple[int, ...]  # of the models that have maps, in `ComparisonEvidence.models`
    states: tuple[Sequence[MapState], ...]  # of each of these models, S


def maps_section(found: ComparisonEvidence) -> tuple[Section, list[Sprite]]:
    """The section and its sprites."""
    shown = pictures(found.dataset.shown[found.chosen], found.dataset.shown_range)
    picture = sprite("compared", shown)
    rows = [*_cams(found, shown), _slopes(found, shown.shape[1:3])]
    articles = (_article(found, picture, rows, place) for place in range(len(found.chosen)))
    section = Section(
        id="maps",
        title="Where each looks",
        lead="What speaks for the true class, to each of them?",
        html=joined([_introduction(found), *compared_trust(found), *articles]),
    )
    return section, [picture, *(row.sheet for row in rows)]


def _introduction(found: ComparisonEvidence) -> Markup:
    layers = ", ".join(f"{model.name}: {model.maps.cam_layer}" for model in found.models if model.maps.cam_layer)
    without = [model.name for model in found.models if model.maps.cam_layer is None]
    missing = Markup(" {}: no layer with a map of places can be seen, so there is no Grad-CAM.").format(listed(without))
    return Markup(
        "<p>{}: first those that the models are most evenly divided on, then up to three that none gets right, and up to "
        "three that all do. All maps are of the true class, so that they answer one question. Within an image all models "
        "share one scale, whose ends are printed. A model with larger logits has stronger maps: compare places first, and "
        "strengths with care. Grad-CAM is taken at the last convolution ({}).{} {} Saliency is the slope of the logit, "
        "per step of a pixel from black to white (logit/step).</p>"
    ).format(count(len(found.chosen), "image"), layers or "none", missing if without else EMPTY, EMPTY_MAPS)


def _cams(found: ComparisonEvidence, shown: np.ndarray) -> list[_Row]:
    """The row of Grad-CAM over the pictures; none where no model has any."""
    maps = {place: model.maps.grad_cam for place, model in enumerate(found.models) if model.maps.grad_cam is not None}
    if not maps:
        return []
    peaks = np.stack([each.max(axis=(1, 2)) for each in maps.values()]).max(axis=0)  # [S], at the layers' own grids
    limits = (np.zeros((len(shown), 1, 1)), peaks[:, np.newaxis, np.newaxis])
    laid = [
        overlay(shown, enlarge(each, shown.shape[1:3]), "evidence", limits, levels=_LEVELS) for each in maps.values()
    ]
    states = tuple(found.models[place].maps.cam_states for place in maps)
    return [_Row(GRAD_CAM, "evidence", sprite("compared-cams", np.concatenate(laid)), tuple(maps), states)]


def _slopes(found: ComparisonEvidence, size: tuple[int, int]) -> _Row:
    slopes = np.stack([_at_size(model.maps.saliency, size) for model in found.models])
    limits = (np.zeros((slopes.shape[1], 1, 1)), slopes.max(axis=(0, 2, 3))[:, np.newaxis, np.newaxis])
    drawn = np.concatenate([colorize(maps, "saliency", limits, levels=_LEVELS) for maps in slopes])
    states = tuple(map_states(maps, LOGIT_PER_STEP) for maps in slopes)
    return _Row(SALIENCY, "saliency", sprite("compared-saliency", drawn), tuple(range(len(slopes))), states)


def _at_size(maps: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Saliency at the pictures' size: averaged down where it is larger, interpolated where it is smaller."""
    return maps if maps.shape[1:] == size else resize_images(maps[..., np.newaxis], *size)[..., 0]


def _article(found: ComparisonEvidence, picture: Sprite, rows: Sequence[_Row], place: int) -> Markup:
    """One image with every model's answer and maps."""
    image = int(found.chosen[place])
    true = found.dataset.class_names[found.dataset.labels[image]]
    right = sum(bool(model.correct[image]) for model in found.models)
    first = view(tile_html(picture, place, f"image {image}, {true}"), "Image", note=true)
    drawn = joined(_stage(found, row, place, first, answers=row is rows[0]) for row in rows)
    return Markup(
        '<article class="specimen" id="compared-{0}"><div class="specimen-head"><h3>{1}</h3><p>image {0}; {2} of {3} right'
        "</p></div>{4}</article>"
    ).format(image, true, right, len(found.models), drawn)


def _stage(found: ComparisonEvidence, row: _Row, place: int, first: Markup, *, answers: bool) -> Markup:
    """One method's maps of one image; the first row also says what each model takes the image for."""
    image, views = int(found.chosen[place]), [first]
    for number_of, model in enumerate(found.models):
        said = f"{_answer(model, image)}; " if answers else ""
        if number_of not in row.places:
            views.append(view(EMPTY, breaking(model.name), note=f"{said}no map"))
            continue
        rank = row.places.index(number_of)
        state = peak_note(row.states[rank][place])
        tile = rank * len(found.chosen) + place
        pixels = tile_html(row.sheet, tile, f"{row.method} of {model.name}, {said}{state.text}")
        mark = method_link(model.maps.verdicts, row.method, str(number_of))
        views.append(view(pixels, breaking(model.name), note=f"{said}{state.text}", full=state.full, mark=mark))
    high = max(states[place].largest for states in row.states)
    bar = scale_bar(row.scale, "0", number(high), unit=short_unit(row.states[0][place].unit))
    return Markup(
        '<section class="stage"><div class="stage-head"><h4>{}</h4>{}</div><div class="views compared">{}</div></section>'
    ).format(row.method, bar, joined(views))


def _answer(model: Measured, image: int) -> str:
    """What the model takes the image for."""
    predicted = int(model.evaluation.predictions[image])
    sure = percent(float(model.evaluation.probabilities[image, predicted]), 0).replace(" ", "\N{NO-BREAK SPACE}")
    return f"{'✓' if model.correct[image] else '✗'} {model.evaluation.class_names[predicted]} {sure}"


def compared_trust(found: ComparisonEvidence) -> list[Markup]:
    """What was tested and each model's verdicts; nothing where it was not measured."""
    tested = [model.maps.trust for model in found.models if model.maps.trust is not None]
    if not tested:
        return []
    images, total = max(each.images for each in tested[0].methods.values()), tested[0].total
    told = Markup(
        "<p>Whether such maps can be believed differs from model to model. Each model’s were tested on {}, for the class "
        "that it predicts: the pixels that a map names first are removed, or added to a blank, and the probability should "
        "fall, or rise, faster than in a random order and in the order of brightness; and a map should not stay as it is "
        "once the weights are shuffled. The mark beside each map is its model’s verdict.</p>"
    ).format(f"all {images:,} images" if images >= total else f"{images:,} of the {total:,} images, the same for all")
    rows = [
        (Markup('<span id="{}">{}</span>').format(anchor(method, str(place)), breaking(model.name)), method, *cells)
        for method in COMPARED_MAPS
        for place, model in enumerate(found.models)
        if method in model.maps.verdicts
        for cells in [verdict_cells(model.maps.verdicts[method])]
    ]
    return [told, table(["Model", "Map", *VERDICT_COLUMNS], rows, caption=VERDICT_CAPTION)]


def breaking(name: str) -> Markup:
    """A name that may break into the next line after each underscore."""
    return escape(name).replace("_", Markup("_<wbr>"))
