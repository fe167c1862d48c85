"""Where each model looks, for the same images: Grad-CAM and saliency side by side on one scale."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup, escape

from ..interpret.map_state import MapState, map_states
from ..models.resizing import resize_images
from .colors import colorize, overlay
from .comparison_evidence import COMPARED_MAPS, Comparison, Measured
from .components import joined, scale_bar, table, view
from .map_notes import EMPTY_MAPS, LOGIT_PER_STEP, peak_note, short_unit
from .page import Section
from .pictures import pictures
from .resizing import enlarge
from .tiles import Sprite, sprite, tile_html
from .trust_marks import anchor, method_link
from .trust_table import VERDICT_CAPTION, VERDICT_COLUMNS, verdict_cells
from .wording import count, number, percent

_LEVELS = 64  # colours of a map


def maps_section(found: Comparison) -> tuple[Section, list[Sprite]]:
    """The section and its sprites."""
    shown = pictures(found.dataset.images[found.chosen], found.dataset.value_range)
    size = shown.shape[1:3]
    cams = np.stack([enlarge(model.grad_cam, size) for model in found.models])
    slopes = np.stack([_at_size(model.saliency, size) for model in found.models])
    cam_peaks = np.stack([model.grad_cam.max(axis=(1, 2)) for model in found.models])  # [M,S], at the layers' own grids
    slope_peaks = slopes.max(axis=(2, 3))
    sheets = {
        "picture": sprite("compared", shown),
        "cam": sprite("compared-cams", _laid(shown, cams, cam_peaks.max(axis=0))),
        "slope": sprite("compared-saliency", _colored(slopes, slope_peaks.max(axis=0))),
    }
    articles = (
        _article(found, sheets, place, map_states(slopes[:, place], LOGIT_PER_STEP))
        for place in range(len(found.chosen))
    )
    section = Section(
        id="maps",
        title="Where each looks",
        lead="What speaks for the true class, to each of them?",
        html=joined([_introduction(found), *_trust(found), *articles]),
    )
    return section, list(sheets.values())


def _introduction(found: Comparison) -> Markup:
    layers = ", ".join(f"{model.name}: {model.cam_layer}" for model in found.models)
    return Markup(
        "<p>{}: first those that the models are most evenly divided on, then up to three that none gets right, and up to "
        "three that all do. All maps are of the true class, so that they answer one question. Within an image all models "
        "share one scale, whose ends are printed. A model with larger logits has stronger maps: compare places first, and "
        "strengths with care. Grad-CAM is taken at the last convolution ({}). {} Saliency is the slope of the logit, "
        "per step of a pixel from black to white (logit/step).</p>"
    ).format(count(len(found.chosen), "image"), layers, EMPTY_MAPS)


def _trust(found: Comparison) -> list[Markup]:
    """How far the maps of each model can be trusted; nothing where it was not measured."""
    tested = [model.trust for model in found.models if model.trust is not None]
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
        (
            Markup('<span id="{}">{}</span>').format(anchor(method, str(place)), _breaking(model.name)),
            method,
            *verdict_cells(verdict),
        )
        for method in COMPARED_MAPS
        for place, model in enumerate(found.models, start=1)
        for verdict in [model.verdicts.get(method)]
        if verdict is not None
    ]
    return [told, table(["Model", "Map", *VERDICT_COLUMNS], rows, caption=VERDICT_CAPTION)]


def _at_size(maps: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Saliency at the pictures' size: averaged down where it is larger, interpolated where it is smaller."""
    return maps if maps.shape[1:] == size else resize_images(maps[..., np.newaxis], *size)[..., 0]


def _laid(shown: np.ndarray, cams: np.ndarray, peaks: np.ndarray) -> np.ndarray:
    """Every model's maps over the pictures, uint8[M*S,h,w,3]."""
    limits = (np.zeros((len(shown), 1, 1)), peaks[:, np.newaxis, np.newaxis])
    return np.concatenate([overlay(shown, maps, "evidence", limits, levels=_LEVELS) for maps in cams])


def _colored(slopes: np.ndarray, peaks: np.ndarray) -> np.ndarray:
    limits = (np.zeros((len(peaks), 1, 1)), peaks[:, np.newaxis, np.newaxis])
    return np.concatenate([colorize(maps, "saliency", limits, levels=_LEVELS) for maps in slopes])


def _breaking(name: str) -> Markup:
    """A name that may go on in the next line after each underscore."""
    return escape(name).replace("_", Markup("_<wbr>"))


def _article(found: Comparison, sheets: dict[str, Sprite], place: int, slope_states: Sequence[MapState]) -> Markup:
    image = int(found.chosen[place])
    true = found.dataset.class_names[found.dataset.labels[image]]
    right = sum(bool(model.correct[image]) for model in found.models)
    picture = view(tile_html(sheets["picture"], place, f"image {image}, {true}"), "Image", note=true)
    cams, slopes = [picture], [picture]
    for rank, model in enumerate(found.models):
        cam_mark, slope_mark = (method_link(model.verdicts, method, str(rank + 1)) for method in COMPARED_MAPS)
        tile = rank * len(found.chosen) + place
        cam, slope = peak_note(model.cam_states[place]), peak_note(slope_states[rank])
        note = f"{_answer(model, image)}; {cam.text}"
        drawn = tile_html(sheets["cam"], tile, f"Grad-CAM of {model.name}, {note}")
        cams.append(view(drawn, _breaking(model.name), note=note, full=cam.full, mark=cam_mark))
        drawn = tile_html(sheets["slope"], tile, f"saliency of {model.name}, {slope.text}")
        slopes.append(view(drawn, _breaking(model.name), note=slope.text, full=slope.full, mark=slope_mark))
    rows = joined(
        [
            _row("Grad-CAM", "evidence", [model.cam_states[place] for model in found.models], cams),
            _row("Saliency", "saliency", slope_states, slopes),
        ]
    )
    return Markup(
        '<article class="specimen" id="compared-{0}"><div class="specimen-head"><h3>{1}</h3><p>image {0}; {2} of {3} right'
        "</p></div>{4}</article>"
    ).format(image, true, right, len(found.models), rows)


def _row(name: str, scale, states: Sequence[MapState], views: list[Markup]) -> Markup:
    high = number(max(state.largest for state in states))
    return Markup(
        '<section class="stage"><div class="stage-head"><h4>{}</h4>{}</div><div class="views compared">{}</div></section>'
    ).format(name, scale_bar(scale, "0", high, unit=short_unit(states[0].unit)), joined(views))


def _answer(model: Measured, image: int) -> str:
    """What the model takes the image for."""
    predicted = int(model.evaluation.predictions[image])
    sure = percent(float(model.evaluation.probabilities[image, predicted]), 0).replace(" ", "\N{NO-BREAK SPACE}")
    return f"{'✓' if model.correct[image] else '✗'} {model.evaluation.class_names[predicted]} {sure}"
