"""A report of a model that names a class for every pixel, as one HTML file: `featurelens report MODEL --data D --masks M`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from ...interpret import inspect_model
from ...interpret.given import Layer, layer_name
from ...interpret.progress import Progress, named
from ...interpret.stream.one_pass import one_pass
from ...interpret.tracing.sharing import programs_shared
from ...kinds import Images, checks_kinds
from ...models.datasets.dataset import Dataset, range_of_values
from ...models.datasets.exploration import DataStatistic, Exploration
from ...models.evaluation.segmentation import SegmentationEvaluation
from ...models.model_files.cards import ModelCard
from ..evidence.trust import TRUST_IMAGES
from ..files.report_files import ReportFiles
from ..files.whole_files import check_page, check_writable
from ..html.components import EMPTY, figure
from ..html.own_words import NO_WORDS, OwnWords
from ..sections.section import About
from ..sections.trust import TrustSection
from ..tasks.page import TaskPage, told_of, write_task_page
from ..tasks.sections import data_section, shared_section, trust_finding
from .evidence import PixelSeen, Reading, SegmentationEvidence, gather_segmentation
from .findings import headline, mask_findings, told
from .plots import iou_of_classes
from .sections import classes_section, maps_section, method_section, worst_section
from .trust import TrustAsked

FORMAT, VERSION = "featurelens report of a segmentation", 1
_VIEWS = {
    "findings": "Findings",
    "images": "Worst images",
    "classes": "What speaks for each class",
    "trust": "Trust",
    "data": "Data",
    "method": "Method",
}
_TESTED = (
    "Tested are maps of one class of each image: the number below is the sum of its logits over the region where the model names "
    "it. The region is held while pixels are removed and weights are shuffled; the class of an image is chosen so that every "
    "class comes up about equally often."
)


@dataclass(frozen=True, eq=False)
class SegmentationReport:
    """All that the page is written from."""

    about: About
    found: SegmentationEvidence
    pictures: Exploration
    read: Reading


def explained_masks(
    seen: PixelSeen,
    class_names: Sequence[str] | None = None,
    *,
    read: Callable[[], Reading] | None = None,
    layer: str | None = None,
    trust: TrustAsked | None = None,
    card: ModelCard | None = None,
    command: str | None = None,
    step: Progress = False,
) -> SegmentationReport:
    """Look at a model that names a class for every pixel.

    Args:
        seen: The model with its images and masks.
        class_names, layer, trust: As for `gather_segmentation`.
        read: How the masks were read, asked for once all were.
        card, command, step: As for other reports.

    Raises:
        ValueError: Model, images and masks do not fit each other.
    """
    data = DataStatistic(seen.dataset)
    with programs_shared():
        found = gather_segmentation(seen, class_names, layer=layer, trust=trust, step=step)
        information = inspect_model(seen.model, seen.dataset.images[:4])
        telling = named(step, "looking at the pictures")
        pictures = one_pass(None, seen.dataset, [data], progress=telling)[data.key]
    verdicts = {} if found.trust is None else found.trust.trust.verdicts
    seed = 0 if trust is None else trust.seed
    about = About(information, seen.dataset, card, verdicts, seed, command)
    return SegmentationReport(about, found, pictures, read() if read else Reading(seen.head, seen.ignore))


def write_masks_report(
    report: SegmentationReport, files: ReportFiles, *, words: OwnWords = NO_WORDS, step: Progress = False
) -> dict[str, Any]:
    """Write the page and, where they are named, its figures and arrays; returns the figures.

    The JSON is one object: format, version, about, evaluation (each class's figures, each image's), worst, classes, trust.
    """
    return write_task_page(_page(report), files, words, step)


@checks_kinds
def write_segmentation_report(
    model: Any,
    images: Images,
    masks: Images,
    path: str | Path,
    *,
    class_names: Sequence[str] | None = None,
    head: str = "softmax",
    ignore: int | None = None,
    layer: Layer | None = None,
    json: str | Path | None = None,
    arrays: str | Path | None = None,
    trust_images: int = TRUST_IMAGES,
    trust_budget: int | None = None,
    seed: int = 0,
    batch_size: int = 256,
    step: Progress = False,
) -> SegmentationEvidence:
    """Look at a model that names a class for every pixel, and write what was seen as one HTML file.

    Args:
        model: A Keras model that answers [B,H,W,K], or [B,H,W,1] where there are two classes.
        images: float32[B,H,W,C] in the range that the model takes, or a `Dataset`.
        masks: int[B,H,W], the class of each pixel; or one-hot [B,H,W,K].
        path: The page; an older file is replaced.
        class_names: K names; None: 'class 0', 'class 1', ...
        head: What the answer is: 'softmax', 'sigmoid' (one channel) or 'linear' (logits).
        ignore: A value of the masks that stands for no class, such as 255.
        layer: Where Seg-Grad-CAM looks; None: the last of the convolutions with the fewest places, a U-Net's bottleneck.
        json: A file for all figures.
        arrays: A .npz file for all masks and maps that are drawn.
        trust_images: Images that the maps are tested on, at most; 0 for none.
        trust_budget: Passes forward and backward of the tests; None: the usual ones of images of this size.
        seed: Of all that is sampled.
        batch_size: Images at a time, at most.
        step: True for a bar, or a function called with (what, done, total).

    Returns:
        What the page was made from; its `evaluation` holds the figures.

    Raises:
        ValueError: A file cannot be written, or model, images and masks do not fit each other.

    Example:
        >>> found = write_segmentation_report(unet, images, masks, "cells.html")                 # doctest: +SKIP
        >>> found.evaluation.mean_iou                                                            # doctest: +SKIP
        0.81
    """
    targets = [None if each is None else Path(each).expanduser().absolute() for each in (path, json, arrays)]
    for target, check in zip(targets, (check_page, check_writable, check_writable), strict=True):
        if target is not None:
            check(target)
    dataset, at = _as_data(images), None if layer is None else layer_name(model, layer)
    seen = PixelSeen(model, dataset, masks, head, ignore, batch_size)
    asked = TrustAsked(trust_images, trust_budget, seed)
    report = explained_masks(seen, class_names, layer=at, trust=asked, step=step)
    write_masks_report(report, ReportFiles(*targets))  # type: ignore[arg-type]
    return report.found


def _as_data(images: Any) -> Dataset:
    """The images as a data set, whose labels are not read."""
    if isinstance(images, Dataset):
        return images
    pixels = np.asarray(images, np.float32)
    if pixels.ndim != 4:
        raise ValueError(
            f"Expected images float32[B,H,W,C]. Received shape {list(pixels.shape)}. Give one or more, as in images[:10]."
        )
    nobody = np.zeros(len(pixels), np.int64)
    return Dataset(pixels, nobody, ("image",), "arrays", value_range=range_of_values(pixels))


def _page(report: SegmentationReport) -> TaskPage:
    about, found = report.about, report.found
    worst, worst_sheets = worst_section(found, about.dataset)
    reasons, reason_sheets = maps_section(found, about.dataset, about.verdicts)
    numbered = replace(
        about, information=replace(about.information, unit="answer")
    )  # what is tested is a sum of logits
    trust = [] if found.trust is None else [shared_section(TrustSection(), found.trust, numbered, "trust", _TESTED)]
    tested = [] if found.trust is None else [trust_finding(found.trust)]
    views = {name: title for name, title in _VIEWS.items() if name != "trust" or trust}
    return TaskPage(
        about=about,
        headline=headline(found.evaluation, len(about.dataset)),
        beside=_drawn(found.evaluation),
        told=told(found.evaluation),
        findings=[*mask_findings(found.evaluation), *tested],
        sections=[
            classes_section(found.evaluation),
            worst,
            reasons,
            *trust,
            data_section(report.pictures, about),
            method_section(found, about, report.read),
        ],
        sprites=[*worst_sheets, *reason_sheets],
        views=views,
        figures=_figures(report),
        arrays=_arrays(found),
        kind="with their masks",
    )


def _drawn(found: SegmentationEvaluation) -> Markup:
    """The IoU of the classes that cover most, as bars."""
    if not np.isfinite(found.iou).any():
        return EMPTY
    said = "IoU of each class: of the pixels that are of it or named so, the share that is both."
    return figure(iou_of_classes(found).svg(), said)


def _figures(report: SegmentationReport) -> dict[str, Any]:
    found, read = report.found, report.read
    about = {**told_of(report.about), "head": read.head, "ignore": read.ignored, "masks": read.masks}
    parts = {"evaluation": found.evaluation, "worst": found.worst, "classes": found.classes, "layer": found.layer}
    return {"format": FORMAT, "version": VERSION, "about": about, **parts, "trust": found.trust}


def _arrays(found: SegmentationEvidence) -> dict[str, np.ndarray]:
    arrays = {
        "image_iou": found.evaluation.image_iou,
        "class_names": np.array(found.evaluation.class_names),
        "worst.numbers": found.worst,
        "worst.truth": found.truth,
        "worst.named": found.named,
    }
    for each in found.classes:
        name = f"class_{each.label}"
        arrays |= {f"{name}.numbers": each.numbers, f"{name}.region": each.region}
        arrays |= {f"{name}.grad_cam": each.cam, f"{name}.saliency": each.saliency}
    return arrays
