"""The sections of the page of a model that names a class for every pixel."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from ...models.datasets.dataset import Dataset
from ...models.evaluation.segmentation import SegmentationEvaluation
from ..drawing.class_masks import at_size, class_colors, error_overlay, mask_overlay
from ..drawing.colors import colorize, limits_of, overlay
from ..drawing.enlarging import enlarge
from ..drawing.pictures import pictures
from ..drawing.wording import count, number, percent, shape
from ..evidence.trust import GRAD_CAM, SALIENCY
from ..html.components import command, how_to_read, joined, name_html, notice, table, view
from ..html.page import Section
from ..html.tiles import Sprite, sprite, tile_html
from ..html.trust_marks import LEVEL_WORDS, Verdicts, method_mark
from ..sections.section import About
from .evidence import ClassMaps, Reading, SegmentationEvidence

_SIDE = 96  # pixels of a picture
_MOST_PAIRS = 12
_MOST_NAMED = 20  # classes whose colours stand above the pictures


def classes_section(found: SegmentationEvaluation) -> Section:
    """The figures of each class, and which are taken for which."""
    support = found.confusion.sum(axis=1)
    total = max(1, int(support.sum()))
    rows = [
        (
            _swatch(label, name, len(found.class_names)),
            _share(found.iou[label]),
            _share(found.class_accuracy[label]),
            _share(found.precision[label]),
            percent(support[label] / total),
        )
        for label, name in enumerate(found.class_names)
    ]
    left_out = f" {count(found.ignored, 'pixel')} are left out." if found.ignored else ""
    right, mean = _share(found.accuracy), _share(found.mean_iou)
    said = f"{right} of the pixels are named correctly; the mean IoU over classes is {mean}.{left_out}"
    caption = (
        "IoU: pixels that are of the class and are named so, of those that are or are named so. Found: of the pixels of the "
        "class, the share named so. Right: of the pixels named so, the share that is of the class."
    )
    columns = ["Class", "IoU", "Found", "Right", "Share of the pixels"]
    html = [
        Markup("<p>{}</p>").format(said),
        table(columns, rows, caption=caption, numeric=[1, 2, 3, 4]),
        _pairs(found),
    ]
    return Section("iou", "How well each class is found", joined(html), view="findings")


def _pairs(found: SegmentationEvaluation) -> Markup:
    """Which class is taken for which, the most pixels first."""
    wrong = found.confusion * (1 - np.eye(len(found.class_names), dtype=np.int64))
    order = np.argsort(-wrong, axis=None, kind="stable")[:_MOST_PAIRS]
    pairs = [divmod(int(place), len(found.class_names)) for place in order if wrong.ravel()[place]]
    if not pairs:
        return Markup("<p>No pixel is named incorrectly.</p>")
    support, names = found.confusion.sum(axis=1), found.class_names
    rows = [
        (name_html(names[a]), name_html(names[b]), f"{wrong[a, b]:,}", percent(wrong[a, b] / support[a]))
        for a, b in pairs
    ]
    columns = ["True class", "Named as", "Pixels", "Share of the class"]
    return table(columns, rows, caption="Which class is taken for which", numeric=[2, 3])


def _share(value: float) -> str:
    return percent(float(value)) if np.isfinite(value) else "–"


def _swatch(label: int, name: str, classes: int) -> Markup:
    """The class's name behind its colour."""
    color = "#" + bytes(class_colors(classes)[label]).hex()
    box = Markup(
        '<svg width="12" height="12" aria-hidden="true"><rect width="12" height="12" rx="2" fill="{}"></rect></svg> '
    )
    return box.format(color) + name_html(name)


def worst_section(found: SegmentationEvidence, dataset: Dataset) -> tuple[Section, list[Sprite]]:
    """The worst images: the picture, what is true, what is named, and where that is wrong."""
    if not len(found.worst):
        return Section("worst", "The worst images", notice("No image has a pixel that is counted."), view="images"), []
    plain = pictures(dataset.shown[found.worst], dataset.shown_range, _SIDE)
    size, classes = (plain.shape[1], plain.shape[2]), len(found.evaluation.class_names)
    truth, named = at_size(found.truth, size), at_size(found.named, size)
    drawn = {
        "picture": plain,
        "truth": mask_overlay(plain, truth, classes),
        "prediction": mask_overlay(plain, named, classes),
        "error": error_overlay(plain, truth, named),
    }
    sheets = {name: sprite(f"worst-{name}", tiles) for name, tiles in drawn.items()}
    views = []
    for place, image in enumerate(found.worst):
        called = dataset.called(int(image))
        tiles = [tile_html(sheet, place, f"{name} of image {called}") for name, sheet in sheets.items()]
        right = percent(float(found.evaluation.image_accuracy[image]), 0)
        iou = percent(float(found.evaluation.image_iou[image]), 0)
        four = Markup('<span class="twins">{}</span>').format(joined(tiles))
        views.append(view(four, f"mean IoU {iou}", note=f"{called}; {right} of the pixels right"))
    reading = (
        "From left to right: the picture, its true classes, the classes that the model names, and in a bright colour the pixels "
        "where the two differ. Grey pixels are left out. The colours of the classes are those of the table."
    )
    html = joined([how_to_read(reading), _legend(found), Markup('<div class="views">{}</div>').format(joined(views))])
    lead = "Where does it go wrong the most?"
    return Section("worst", "The worst images", html, lead=lead, view="images"), list(sheets.values())


def _legend(found: SegmentationEvidence) -> Markup:
    """The colours of the classes that are in the pictures shown."""
    names = found.evaluation.class_names
    there = [k for k in range(len(names)) if (found.truth == k).any() or (found.named == k).any()]
    entries = [Markup("<span>{}</span>").format(_swatch(k, names[k], len(names))) for k in there[:_MOST_NAMED]]
    return Markup("<p>{}</p>").format(Markup(" &ensp; ").join(entries))


def maps_section(found: SegmentationEvidence, dataset: Dataset, verdicts: Verdicts) -> tuple[Section, list[Sprite]]:
    """What speaks for each class, in the images where it is named most."""
    if not found.classes:
        why = "The model is shown without maps: no convolution is seen before that which names the classes."
        return Section("reasons", "What speaks for each class", notice(why), view="classes"), []
    articles, sheets = [], []
    for each in found.classes:
        article, own = _article(each, found, dataset, verdicts)
        articles.append(article)
        sheets += own
    reading = (
        f"Each picture with the region that the model names so, then what speaks for it: Seg-Grad-CAM at {found.layer} (black to "
        "yellow, in units of the logit, each map to its own largest value) and saliency. Evidence beside the region is what the "
        f"model takes from the surroundings. {_tested(verdicts)}"
    )
    html = joined([how_to_read(reading), *articles])
    return Section("reasons", "What speaks for each class", html, view="classes"), sheets


def _tested(verdicts: Verdicts) -> str:
    """How far the maps shown can be trusted, a sentence."""
    said = [f"{name}: {LEVEL_WORDS[verdicts[name].level]}" for name in (GRAD_CAM, SALIENCY) if name in verdicts]
    if not said:
        return "How far they can be trusted on this model was not tested."
    return f"Tested on this model, {'; '.join(said)} (see Trust)."


def _article(
    each: ClassMaps, found: SegmentationEvidence, dataset: Dataset, verdicts: Verdicts
) -> tuple[Markup, list[Sprite]]:
    name, plain = (
        found.evaluation.class_names[each.label],
        pictures(dataset.shown[each.numbers], dataset.shown_range, _SIDE),
    )
    size = plain.shape[1], plain.shape[2]
    own = at_size(each.region, size)
    region = np.where(own[..., None], plain, np.rint(plain * 0.3)).astype(np.uint8)
    cams, slopes = enlarge(each.cam, size), enlarge(each.saliency, size)
    limits = limits_of(cams, "evidence", axis=(1, 2))
    drawn = {
        "region": region,
        "evidence": overlay(plain, cams, "evidence", limits),
        "saliency": colorize(slopes, "saliency", limits_of(slopes, "saliency", axis=(1, 2))),
    }
    sheets = {what: sprite(f"class-{each.label}-{what}", tiles) for what, tiles in drawn.items()}
    views = []
    for place, image in enumerate(each.numbers):
        called = dataset.called(int(image))
        tiles = [tile_html(sheet, place, f"{what} of {name} in image {called}") for what, sheet in sheets.items()]
        three = Markup('<span class="twins">{}</span>').format(joined(tiles))
        largest = (
            f"up to {number(float(each.cam[place].max()))} logit"
            if each.cam[place].any()
            else "nothing speaks for it at this layer"
        )
        mark = method_mark(verdicts, GRAD_CAM)
        views.append(view(three, f"{each.pixels[place]:,} pixels", note=f"{called}; {largest}", mark=mark))
    html = Markup('<article id="class-{}"><h3>{}</h3><div class="views">{}</div></article>')
    return html.format(each.label, name_html(name), joined(views)), list(sheets.values())


def method_section(found: SegmentationEvidence, about: About, read: Reading) -> Section:
    """How it was measured, and the model's layers."""
    left_out = "" if read.ignored is None else f" Pixels of the value {read.ignored} are left out."
    said = [
        f"The class of a pixel is that of the largest answer (head: {read.head}). All pixels of all images count alike; the mean "
        f"IoU counts each class alike, as far as it is there or is named.{left_out}",
        *read.notes,
        "The worst images are those of the smallest mean IoU over the classes that are there or are named in them.",
        "Seg-Grad-CAM: the logits of a class, summed over the pixels where the model names it, are the score; Vinogradova, "
        "Dibrov, Myers 2020, arXiv:2002.11434. The region is held fixed.",
        f"What is sampled is sampled with seed {about.seed}.",
    ]
    rows = [
        (each.name, each.kind, shape(each.output_shape), f"{each.parameters:,}") for each in about.information.layers
    ]
    layers = table(["Layer", "Kind", "Output", "Weights"], rows, caption="The model’s layers", numeric=[3])
    made = [command(about.command)] if about.command else []
    html = joined([*(Markup("<p>{}</p>").format(each) for each in said), *made, layers])
    return Section("how", "How this was measured", html, view="method")
