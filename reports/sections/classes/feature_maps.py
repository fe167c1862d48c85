"""The classes in pictures: a typical image and the class mean, with their maps, and through every stage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup

from ....interpret.stream.statistic import Statistic
from ...drawing.colors import colorize
from ...drawing.pictures import pictures, shrunk
from ...drawing.wording import count, number, percent, shape, with_minus
from ...evidence.seen import Seen
from ...evidence.specimens import FeatureMaps, Specimen, averaging, gather_feature_maps
from ...evidence.trust import GRAD_CAM
from ...html.components import how_to_read, joined, name_html, notice, scale_bar, view
from ...html.map_notes import EMPTY_MAPS, averaged_to, faded, faded_reading
from ...html.tiles import Sprite, sprite, strip_html, tile_html
from ..images import flag_of
from ..section import About, Finding, Part
from .class_maps import class_maps, maps_html, told

MOST_CHANNELS = 16
_MOST_EMPTY = 48  # images without a map whose pictures the page holds
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
    id, title, lead = "feature-maps", "The classes in pictures", "What is typical of each, and what speaks for it?"

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
            anchor="/images?flag=empty" if found.empty_maps and _has_grid(about) else "feature-maps",
            link="these images" if found.empty_maps and _has_grid(about) else "feature maps",
            weight=0.5,
        )

    def html(self, found: FeatureMaps, about: About) -> Part:
        """An article for each class."""
        specimens, names = found.specimens, about.class_names
        shown = [_stage(specimens, name) for name in specimens[0].activations]
        stage_sprites = [
            sprite(f"stage-{place}", stage.tiles, columns=stage.channels.shape[1]) for place, stage in enumerate(shown)
        ]
        heads, picture_sprites = _pictures(found, about)
        maps = class_maps(found, about)
        articles = []
        for place, specimen in enumerate(specimens):
            views = Markup('<div class="views">{}</div>{}').format(
                heads[place], maps_html(maps, place, specimen, about)
            )
            articles.append(_article(found, about, place, views, shown, stage_sprites))
        everyone = Markup('<div class="specimens">{}</div>').format(joined(articles))
        return Part(
            html=joined([_introduction(found, about), *_left_out(found), everyone]),
            sprites=[*stage_sprites, *picture_sprites, *(each.sheet for each in maps)],
            parts=[(f"class-{specimen.label}", names[specimen.label]) for specimen in specimens],
            payload={
                "stages": _told(found, shown),
                "classMaps": told(maps, about.verdicts, about.information.unit),
                "flags": _flags(found, about),
            },
            pictures=(*(specimen.number for specimen in specimens), *map(int, _drawn_empty(found, about))),
        )


def _has_grid(about: About) -> bool:
    """Whether the page has a grid of images: where there are mistakes."""
    evaluation = about.evaluation
    return evaluation is not None and bool((evaluation.predictions != evaluation.labels).any())


def _drawn_empty(found: FeatureMaps, about: About) -> np.ndarray:
    """The images without a map whose pictures the page holds: evenly spread where there are many."""
    most = max(1, round(_MOST_EMPTY * about.drawn))
    return (
        found.empty[np.unique(np.linspace(0, len(found.empty) - 1, most).astype(int))]
        if len(found.empty)
        else found.empty
    )


def _flags(found: FeatureMaps, about: About) -> list[dict[str, Any]]:
    """The list of the images whose map is zero."""
    drawn, cut = _drawn_empty(found, about), ""
    if not len(drawn):
        return []
    if len(drawn) < found.empty_maps:
        cut = f"{len(drawn)} of the {found.empty_maps:,} such images, evenly spread over the data, so that the file stays small."
    return [flag_of("empty", f"{GRAD_CAM} all zero", drawn, cut)]


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
            "limits": [[float(f"{end:.4g}") for end in limits] for limits in stage.limits],
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
        f"The typical image is the correctly classified one whose logits are nearest to the mean of its class; where none of the "
        f"class is found, one that is taken for another. The "
        f"{MOST_CHANNELS} strongest channels of a layer are those with the largest mean activation over all images of the "
        f"class, on one colour scale whose ends are printed and which differs from layer to layer.",
        f"The maps are of the predicted class: those at {found.cam_layer} over the picture, in units of its logit, and saliency "
        f"in logit per unit of pixel value (logit/unit){averaged_to(shrunk(images[:1]), images)}. Methods that passed the tests "
        f"on this model come first; those that failed stand behind “more”. A shared scale ends at the method’s median peak over "
        f"the classes shown, or higher where a map is stronger, so that a weak map looks weak; on its own scale the place of a "
        f"weak one can be seen too. {EMPTY_MAPS}",
        faded_reading(about.information.head),
    )
    return Markup(
        "<p>A typical image of each class, the mean of its images, and what speaks for the answer.</p><noscript><p>Below, for "
        "each layer, its {} strongest channels: above for the typical image, below averaged over all images of the class.</p>"
        "</noscript>{}"
    ).format(MOST_CHANNELS, how_to_read(*reading))


def _pictures(found: FeatureMaps, about: About) -> tuple[list[Markup], list[Sprite]]:
    """The typical image and the mean of each class."""
    specimens, value_range = found.specimens, about.dataset.shown_range
    typical = sprite("typical", pictures(np.stack([specimen.image for specimen in specimens]), value_range))
    means = sprite("class-means", pictures(np.stack([specimen.mean_image for specimen in specimens]), value_range))
    shown = []
    for place, specimen in enumerate(specimens):
        name = about.class_names[specimen.label]
        size, amount = shape(specimen.image.shape), count(specimen.images, "image")
        right = specimen.predicted == specimen.label
        what = "Typical image" if right else f"Typical image, taken for {about.class_names[specimen.predicted]}"
        one = view(tile_html(typical, place, f"Typical image, {name}; {size}"), what, note=size)
        mean = view(tile_html(means, place, f"Mean of the class, {name}; {amount}"), "Mean", note=amount)
        shown.append(joined([one, mean]))
    return shown, [typical, means]


def _article(
    found: FeatureMaps, about: About, place: int, views: Markup, shown: Sequence[_Stage], sprites: Sequence[Sprite]
) -> Markup:
    specimen, names = found.specimens[place], about.class_names
    rows = joined(_stage_html(stage, sheet, place) for stage, sheet in zip(shown, sprites, strict=True))
    return Markup(
        '<article class="specimen" id="class-{0}" data-label="{0}"><div class="specimen-head"><h3><a href="#/class/{0}">{1}</a>'
        '</h3><p>{2}</p></div>{3}<p class="see-layers"><a href="#/layer/{5}?class={0}">what each layer makes of it →</a></p>'
        "<noscript>{4}</noscript></article>"
    ).format(
        specimen.label,
        name_html(names[specimen.label]),
        _told_of(found, about, specimen),
        views,
        rows,
        _start(found, list(specimen.activations)),
    )


def _told_of(found: FeatureMaps, about: About, specimen: Specimen) -> str:
    """How sure the typical image is, how much of the class is found, and how far the gradient has faded."""
    name, recall = about.class_names[specimen.label], found.recall[specimen.label]
    image, sure = about.dataset.called(specimen.number), percent(specimen.probability)
    if specimen.predicted != specimen.label:
        taken = about.class_names[specimen.predicted]
        told = f"image {image}, {sure} for {name}, and taken for {taken}: none of the class is found"
    else:
        of_class = f"{percent(recall)} of the {count(specimen.images, 'image')} of the class found"
        told = f"image {image}, {sure} sure; {of_class}{_right_share(about, specimen.label)}"
    left = faded(specimen.cam_state.saturation, about.information.head)
    return f"Typical: {told}; {left}" if left else f"Typical: {told}"


def _right_share(about: About, label: int) -> str:
    """How many of the answers of this class are right; empty where that is not known."""
    share = np.nan if about.evaluation is None else float(about.evaluation.precision[label])
    return f", {percent(share)} of the answers {about.class_names[label]} right" if np.isfinite(share) else ""


def _stage_html(stage: _Stage, sheet: Sprite, place: int) -> Markup:
    """Both rows of a stage as one picture each: for those who run no program, and for print."""
    channels, rows = stage.channels[place], []
    for row, name in enumerate(("typical image", "class mean")):
        label = f"{stage.name}, {name}, the channels named above"
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
