"""Feature maps per class: a typical image and the class mean, through every stage, the strongest channels first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from ...interpret.maps.state import LOGIT_PER_PIXEL, map_states
from ...interpret.stream.statistic import Statistic
from ..drawing.colors import colorize, overlay
from ..drawing.enlarging import enlarge
from ..drawing.pictures import pictures, shrunk
from ..drawing.wording import count, number, percent, shape, with_minus
from ..evidence.seen import Seen
from ..evidence.specimens import FeatureMaps, Specimen, averaging, gather_feature_maps
from ..evidence.trust import GRAD_CAM, SALIENCY
from ..html.components import EMPTY, how_to_read, joined, name_html, notice, scale_bar, view
from ..html.map_notes import EMPTY_MAPS, MapNote, averaged_to, faded, faded_reading, peak_note
from ..html.tiles import Sprite, sprite, strip_html, tile_html
from ..html.trust_marks import method_mark
from .section import About, Finding, Part

MOST_CHANNELS = 16
_MAP_SIDE = 56  # pixels of a feature map in the file; larger ones are averaged down


@dataclass(frozen=True, eq=False)
class _Stage:
    """One stage of all specimens, as tiles: for each, the typical image's channels, then the class mean's."""

    name: str
    shape: tuple[int, ...]
    tiles: np.ndarray  # uint8[classes * 2 * shown, h, w, 3]
    channels: np.ndarray  # int64[classes, shown], strongest of the class mean first
    limits: list[tuple[float, float]]  # of each class's colour scale


class FeatureMapsSection:
    """The section; see `ReportSection`."""

    view = "classes"
    id, title = "feature-maps", "Feature maps, per class"
    lead = "What does each stage make of a typical picture, and of the class as a whole?"

    def needs(self, seen: Seen) -> tuple[Statistic[Any], ...]:
        """The survey of the layers, and the class means where there are not too many classes."""
        return seen.surveying(), *averaging(seen)

    def evidence(self, seen: Seen, earlier: Mapping[str, Any]) -> FeatureMaps | None:
        """A typical image of each class and the class mean, through every stage; None for a model without class maps."""
        return None if not seen.has_class_maps else gather_feature_maps(seen)

    def findings(self, found: FeatureMaps, about: About) -> Iterator[Finding]:
        """Whether Grad-CAM finds anything on every image."""
        said = (
            f"On {count(found.empty_maps, 'image')} of {found.images:,} Grad-CAM at {found.cam_layer} is all zero: no "
            f"place speaks for the predicted class. Such a map is shown as what it is."
            if found.empty_maps
            else f"Grad-CAM at {found.cam_layer} finds positive evidence for the predicted class on "
            f"{'the one image' if found.images == 1 else f'all {found.images:,} images'}."
        )
        yield Finding(
            said,
            severity="caution" if found.empty_maps else "fact",
            number=found.empty_maps,
            anchor="feature-maps",
            link="feature maps",
            weight=0.5,
        )

    def html(self, found: FeatureMaps, about: About) -> Part:
        """An article for each class."""
        specimens, names = found.specimens, about.class_names
        shown = [_stage(specimens, name) for name in specimens[0].activations]
        stage_sprites = [
            sprite(f"stage-{place}", stage.tiles, columns=stage.channels.shape[1]) for place, stage in enumerate(shown)
        ]
        views, view_sprites = _views(found, about)
        articles = [
            _article(found, about, place, views[place], shown, stage_sprites) for place in range(len(specimens))
        ]
        return Part(
            html=joined([_introduction(found, about), *_left_out(found), *articles]),
            sprites=[*stage_sprites, *view_sprites],
            parts=[(f"class-{specimen.label}", names[specimen.label]) for specimen in specimens],
            payload={"stages": _told(found, shown)},
            pictures=tuple(specimen.number for specimen in specimens),
        )


def _told(found: FeatureMaps, shown: Sequence[_Stage]) -> dict[str, Any]:
    """Which tile of a stage's sprite is which channel of which class, for the page's program."""
    stages = [
        {
            "name": stage.name,
            "shape": shape(stage.shape),
            "of": stage.shape[-1],
            "sprite": f"stage-{place}",
            "columns": stage.channels.shape[1],
            "shown": stage.channels.shape[1],
            "channels": stage.channels.tolist(),
            "scales": [f"dark {with_minus(number(low))}, light {number(high)}" for low, high in stage.limits],
        }
        for place, stage in enumerate(shown)
    ]
    labels = [specimen.label for specimen in found.specimens]
    numbers = [specimen.number for specimen in found.specimens]
    return {
        "labels": labels,
        "numbers": numbers,
        "start": _start(found, [stage.name for stage in shown]),
        "list": stages,
    }


def _start(found: FeatureMaps, names: Sequence[str]) -> str:
    """The stage to begin with: that of the maps, or the last with places."""
    places = [name for name in names if found.specimens[0].activations[name].ndim == 3]
    return found.cam_layer if found.cam_layer in names else (places or list(names))[-1]


def _left_out(found: FeatureMaps) -> list[Markup]:
    if not found.left_out:
        return []
    shown, classes = len(found.specimens), count(found.left_out, "class", "classes")
    return [notice(f"{classes} left out: these are the {shown} with the lowest recall.")]


def _introduction(found: FeatureMaps, about: About) -> Markup:
    images = about.dataset.images
    reading = (
        f"The typical image is the correctly classified one whose logits are nearest to the mean of its class. The "
        f"{MOST_CHANNELS} strongest channels are those with the largest mean activation over all images of the class; both "
        f"rows show them in this order, on one colour scale whose ends are printed and which differs from stage to stage.",
        f"Grad-CAM (at {found.cam_layer}) and saliency are of the predicted class. Their peaks, the largest values, "
        f"are in units of its logit, for saliency in logit per unit of pixel value (logit/unit)"
        f"{averaged_to(shrunk(images[:1]), images)}. Over the picture Grad-CAM is drawn on a scale from 0 to the median peak "
        f"of all images, {number(found.typical_peak)} logit, or higher where the map is stronger, so that a weak map "
        f"looks weak; on its own grid the scale ends at its own peak, so that its place can be seen, and so does saliency’s. "
        f"{EMPTY_MAPS}",
        faded_reading(about.information.head),
    )
    return Markup(
        "<p>For each class and stage the {} strongest channels: above for a typical image, below averaged over all images of "
        "the class. The number under a map is its channel’s.</p>{}"
    ).format(MOST_CHANNELS, how_to_read(*reading))


def _views(found: FeatureMaps, about: About) -> tuple[list[Markup], list[Sprite]]:
    """The pictures at the head of each class."""
    specimens, value_range = found.specimens, about.dataset.shown_range
    typical = pictures(np.stack([specimen.image for specimen in specimens]), value_range)
    means = pictures(np.stack([specimen.mean_image for specimen in specimens]), value_range)
    cams = np.stack([specimen.grad_cam for specimen in specimens])
    slopes = shrunk(np.stack([specimen.saliency for specimen in specimens])[..., np.newaxis])[..., 0]
    usual = found.typical_peak
    cam_limits = (np.zeros((len(cams), 1, 1)), cams.max(axis=(1, 2), keepdims=True))
    laid_limits = (cam_limits[0], np.maximum(cam_limits[1], usual))
    slope_limits = (np.zeros((len(cams), 1, 1)), slopes.max(axis=(1, 2), keepdims=True))
    size = typical.shape[1:3]
    sheets = {
        "typical": sprite("typical", typical),
        "means": sprite("class-means", means),
        "cams": sprite("typical-cams", overlay(typical, enlarge(cams, size), "evidence", laid_limits)),
        "grids": sprite("typical-grids", colorize(cams, "evidence", cam_limits)),
        "slopes": sprite("typical-saliency", colorize(slopes, "saliency", slope_limits)),
    }
    slope_notes = [peak_note(state) for state in map_states(slopes, LOGIT_PER_PIXEL)]
    headings = [_heading(specimens[place], about, sheets, place, usual, note) for place, note in enumerate(slope_notes)]
    return headings, list(sheets.values())


def _heading(
    specimen: Specimen, about: About, sheets: dict[str, Sprite], place: int, usual: float, slope: MapNote
) -> Markup:
    """The pictures at the head of one class."""
    names = about.class_names
    own, what = peak_note(specimen.cam_state), names[specimen.predicted]
    native = MapNote(f"{shape(specimen.grad_cam.shape)}, {own.text}", own.full)
    amount = MapNote(count(specimen.images, "image"))
    cam, pixels = method_mark(about.verdicts, GRAD_CAM), method_mark(about.verdicts, SALIENCY)
    size, laid = MapNote(shape(specimen.image.shape)), peak_note(specimen.cam_state, usual)
    return joined(
        [
            _view(sheets["typical"], place, "Typical image", size, names[specimen.label]),
            _view(sheets["means"], place, "Mean of the class", amount, names[specimen.label]),
            _view(sheets["cams"], place, "Grad-CAM", laid, f"for {what}, over the picture", cam),
            _view(sheets["grids"], place, "Its own grid", native, f"Grad-CAM for {what}, native"),
            _view(sheets["slopes"], place, "Saliency", slope, f"for {what}", pixels),
        ]
    )


def _view(sheet: Sprite, place: int, name: str, note: MapNote, about: str, mark: Markup = EMPTY) -> Markup:
    tile = tile_html(sheet, place, f"{name}, {about}; {note.text}")
    return view(tile, name, note=note.text, full=note.full, mark=mark)


def _article(
    found: FeatureMaps, about: About, place: int, views: Markup, shown: Sequence[_Stage], sprites: Sequence[Sprite]
) -> Markup:
    specimen, names = found.specimens[place], about.class_names
    wrong = specimen.predicted != specimen.label
    sure = (
        f"{percent(specimen.probability)} for {names[specimen.label]}"
        if wrong
        else f"{percent(specimen.probability)} sure"
    )
    said = f", and taken for {names[specimen.predicted]}: none of the class is found" if wrong else ""
    recall = found.recall[specimen.label]
    left = faded(specimen.cam_state.saturation, about.information.head)
    image = about.dataset.called(specimen.number)
    told = f"image {image}, {sure}{said}" if wrong else f"image {image}, {sure}; {percent(recall)} of the class found"
    told = f"{told}; {left}" if left else told
    rows = joined(_stage_html(stage, sheet, place) for stage, sheet in zip(shown, sprites, strict=True))
    return Markup(
        '<article class="specimen" id="class-{0}" data-label="{0}"><div class="specimen-head"><h3>{1}</h3><p>{2}</p></div>'
        '<div class="views">{3}</div><p class="see-layers"><a href="#/layer/{5}?class={0}">what each layer makes of it →</a></p>'
        "<noscript>{4}</noscript></article>"
    ).format(
        specimen.label, name_html(names[specimen.label]), told, views, rows, _start(found, list(specimen.activations))
    )


def _stage_html(stage: _Stage, sheet: Sprite, place: int) -> Markup:
    """Both rows of a stage as one picture each: for those who run no program, and for print."""
    channels, rows = stage.channels[place], []
    for row, name in enumerate(("typical image", "class mean")):
        label = f"{stage.name}, {name}: channels {', '.join(map(str, channels))}"
        rows.append(Markup('<p class="row-name">{}</p>{}').format(name, strip_html(sheet, 2 * place + row, label)))
    what = "unit" if len(stage.shape) == 1 else "channel"
    shown = f"{shape(stage.shape)} · {len(channels)} strongest of {count(stage.shape[-1], what)}: {', '.join(map(str, channels))}"
    low, high = stage.limits[place]
    return Markup('<section class="stage"><div class="stage-head"><h4>{}</h4><p>{}</p>{}</div>{}</section>').format(
        stage.name, shown, scale_bar(*_scale(low, high), unit="activation"), joined(rows)
    )


def _scale(low: float, high: float) -> tuple:
    return ("signed" if low < 0 else "evidence", with_minus(number(low)), number(high))


def _stage(specimens: Sequence[Specimen], name: str) -> _Stage:
    tiles, channels, limits = [], [], []
    for specimen in specimens:
        mean = _as_maps(specimen.means[name])
        strongest = np.argsort(-mean.mean(axis=(0, 1)), kind="stable")[:MOST_CHANNELS]
        both = np.concatenate([_as_maps(specimen.activations[name])[..., strongest], mean[..., strongest]], axis=-1)
        both = shrunk(both.transpose(2, 0, 1)[..., np.newaxis], _MAP_SIDE)[..., 0]
        low, high = float(min(both.min(), 0)), float(max(both.max(), 0))
        if low < 0:
            low, high = -max(-low, high), max(-low, high)
        tiles.append(colorize(both, "signed" if low < 0 else "evidence", (low, high), levels=64))
        channels.append(strongest)
        limits.append((low, high))
    form = specimens[0].activations[name].shape
    return _Stage(name, form, np.concatenate(tiles), np.stack(channels), limits)


def _as_maps(values: np.ndarray) -> np.ndarray:
    """Units of a dense layer as maps of one place, [1,1,C]."""
    return values if values.ndim == 3 else values.reshape(1, 1, -1)
