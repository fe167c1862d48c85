"""A report of a model that names a class for every pixel, as one HTML file."""

from __future__ import annotations

import datetime
import importlib.metadata
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from ...interpret.given import Layer, layer_name
from ...interpret.progress import Progress
from ...models.datasets.dataset import Dataset, range_of_values
from ..drawing.wording import count
from ..evidence.twin import json_text, twin
from ..files.whole_files import check_writable, write_whole
from ..html.page import Header, View, render_page
from .evidence import SegmentationEvidence, gather_segmentation
from .sections import classes_section, headline, maps_section, method_section, worst_section

FORMAT, VERSION = "featurelens report of a segmentation", 1
_VIEWS = {"findings": "Findings", "images": "Images", "classes": "Classes", "method": "Method"}


def write_segmentation_report(
    model: Any,
    images: Any,
    masks: Any,
    path: str | Path,
    *,
    class_names: Sequence[str] | None = None,
    head: str = "softmax",
    ignore: int | None = None,
    layer: Layer | None = None,
    json: str | Path | None = None,
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
    targets = [Path(each).expanduser().absolute() for each in (path, json) if each is not None]
    for target in targets:
        check_writable(target)
    dataset = _as_data(images)
    at = None if layer is None else layer_name(model, layer)
    settings = {"head": head, "ignore": ignore, "layer": at, "batch_size": batch_size, "step": step}
    found = gather_segmentation(model, dataset.images, masks, class_names, **settings)  # type: ignore[arg-type]
    write_whole(targets[0], segmentation_html(found, dataset, str(model.name), head, ignore))
    if json is not None:
        about = {
            "model": str(model.name),
            "data": dataset.source,
            "images": len(dataset),
            "head": head,
            "ignore": ignore,
        }
        write_whole(targets[1], json_text({"format": FORMAT, "version": VERSION, "about": about, **twin(found)}) + "\n")
    return found


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


def segmentation_html(
    found: SegmentationEvidence, dataset: Dataset, model: str, head: str = "softmax", ignore: int | None = None
) -> str:
    """The whole page."""
    worst, worst_sheets = worst_section(found, dataset)
    reasons, reason_sheets = maps_section(found, dataset)
    sections = [classes_section(found.evaluation), worst, reasons, method_section(found, head, ignore)]
    front = Markup('<h1 class="vt" id="findings-title">{}</h1>').format(headline(found.evaluation, len(dataset)))
    views = [View(name, title, front=front if name == "findings" else None) for name, title in _VIEWS.items()]
    version = importlib.metadata.version("featurelens")
    images = count(len(dataset), "image")
    header = Header(
        kicker=dataset.source,
        lead="",
        about=f"on {images} of {dataset.source}",
        footer=(
            f"Made by featurelens {version} on {datetime.date.today():%d %B %Y}, of {model}. This file is complete: it loads "
            f"nothing from anywhere."
        ),
    )
    return render_page(f"How {model} segments", sections, header, [*worst_sheets, *reason_sheets], views=views)
