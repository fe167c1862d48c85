"""The report: a model and its data in, one HTML file out."""

from __future__ import annotations

import datetime
import importlib.metadata
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from ..models.datasets.dataset import Dataset
from ..models.datasets.pixel_range import warn_of_range
from ..models.model_files.cards import ModelCard
from .drawing.wording import count, percent
from .evidence.causes import causes_twin
from .evidence.gather import Evidence, Step, gather_evidence
from .evidence.trust import TRUST_IMAGES, TrustFile
from .files.whole_files import check_writable, write_whole
from .html.page import Header, KeyFigure, render_page
from .sections.causes import causes_section
from .sections.data import NOT_COMPARED, exploration_section
from .sections.feature_maps import gallery_section
from .sections.findings import findings_section
from .sections.layers import layers_section
from .sections.mistakes import mistakes_section
from .sections.model import model_section
from .sections.performance import performance_section, weakest_class
from .sections.trust import trust_section, trust_twin


def write_report(
    model: Any,
    dataset: Dataset,
    path: str | Path,
    *,
    card: ModelCard | None = None,
    command: str | None = None,
    batch_size: int = 256,
    trust_images: int = TRUST_IMAGES,
    trust_budget: int | None = None,
    trust_file: TrustFile | None = None,
    seed: int = 0,
    step: Step | None = None,
) -> Path:
    """Explain a model on a data set, and write what was found into one HTML file.

    Args:
        model: A Keras model that takes one image and answers one score per class.
        dataset: Images in the range that the model takes, with a name for each of the model's classes.
        path: The file; an older one is replaced in one step when the new one is whole.
        card: What is known of the training, for its curves and its recipe.
        command: The command line to print in the report.
        batch_size: Images at a time.
        trust_images: Images that the trust in the maps is measured on, at most; 0 measures none.
        trust_budget: Passes forward and backward for that (see `interpret.trust.budget`); None: by the images' size.
        trust_file: The trust as `featurelens trust` measured it, on this model and these images; it is taken instead.
        seed: Of all images that are drawn.
        step: Called with (what is being done, done, total).

    Returns:
        The absolute path of the file.

    Raises:
        ValueError: The file cannot be written (found before the work starts), the data do not fit the model, or the
            logits could not be proven.
    """
    target = Path(path).expanduser().absolute()
    check_writable(target)
    warn_of_range(model, dataset)
    evidence = gather_evidence(
        model,
        dataset,
        card=card,
        command=command,
        batch_size=batch_size,
        trust_images=trust_images,
        trust_budget=trust_budget,
        trust_file=trust_file,
        seed=seed,
        step=step,
    )
    if step is not None:
        step("drawing the page", 0, 1)
    page = report_html(evidence)
    write_whole(target, page)
    if step is not None:
        step("drawing the page", 1, 1)
    return target


def report_html(evidence: Evidence) -> str:
    """The whole page."""
    gallery, gallery_sprites = gallery_section(evidence)
    mistakes, mistake_sprites = mistakes_section(evidence)
    causes, cause_sprites = causes_section(evidence)
    explored, data_sprites = exploration_section(
        evidence.dataset,
        evidence.exploration,
        name="exploration",
        other_splits=_shared_with_training(evidence),
        trained_on=_trained_on(evidence),
    )
    sections = [
        findings_section(evidence),
        model_section(evidence),
        explored,
        performance_section(evidence),
        gallery,
        layers_section(evidence),
        *trust_section(evidence),
        mistakes,
        causes,
    ]
    title = f"What {evidence.information.name} sees"
    sprites = [*data_sprites, *gallery_sprites, *mistake_sprites, *cause_sprites]
    return render_page(title, sections, _header(evidence), sprites, _twin(evidence))


def _header(evidence: Evidence) -> Header:
    evaluation, information = evidence.evaluation, evidence.information
    names = evidence.dataset.class_names
    weakest = weakest_class(evidence) if evaluation.support.all() else None
    silent = sum(len(layer.silent_channels) for layer in evidence.survey.layers)
    channels = sum(layer.channels for layer in evidence.survey.layers[1:-1])
    version = importlib.metadata.version("featurelens")
    figures = [
        KeyFigure("Accuracy", percent(evaluation.accuracy, 2), f"of {count(len(evidence.dataset), 'image')}"),
        KeyFigure(
            "Mistakes", f"{evidence.mistakes.total:,}", f"in {count(len(evidence.mistakes.confusions), 'confusion')}"
        ),
        KeyFigure("Calibration error", f"{evaluation.calibration.expected_error:.3f}", "0 is perfect"),
        KeyFigure("Silent channels", f"{silent}", f"of {channels} surveyed"),
    ]
    if weakest is not None:
        found = f"{percent(evaluation.recall[weakest])} found"
        figures.insert(2, KeyFigure("Weakest class", names[weakest], found))
    return Header(
        kicker=f"featurelens {version} · {datetime.date.today():%d %B %Y} · {evidence.dataset.source}",
        lead=(
            f"A classifier of {count(information.classes, 'class', 'classes')} with {information.parameters:,} parameters, "
            f"looked at layer by layer through {count(len(evidence.dataset), 'image')}: what it sees, why it decides as it "
            f"does, and where it goes wrong."
        ),
        figures=figures,
        footer=f"Made by featurelens {version}. This file is complete: it loads nothing from anywhere.",
    )


def _trained_on(evidence: Evidence) -> np.ndarray | None:
    """Images of each class that the model was trained on, where its card tells, in the order of the data's classes."""
    card = evidence.card
    counts = None if card is None else card.data.get("training", {}).get("class_counts")
    if card is None or counts is None or card.class_names != evidence.dataset.class_names:
        return None
    return np.array(counts, np.int64)


def _shared_with_training(evidence: Evidence) -> Markup:
    """How many of the images the model was trained on, where its card tells of these very files; else how to find out."""
    test = {} if evidence.card is None else evidence.card.data.get("test", {})
    of_these = test.get("files") == dict(evidence.dataset.files) and test.get("images") == len(evidence.dataset)
    if not of_these or "also_in_training" not in test:
        return NOT_COMPARED
    shared = int(test["also_in_training"])
    told = f"{count(shared, 'image')} of these" if shared else "No image of these"
    return Markup("<p>{} {} in the training split too.</p>").format(told, "are" if shared > 1 else "is")


def _twin(evidence: Evidence) -> dict[str, Any]:
    """The report's figures for programs."""
    evaluation = evidence.evaluation
    return {
        "model": evidence.information.name,
        "data": evidence.dataset.source,
        "images": len(evidence.dataset),
        "range_remark": evidence.range_remark,
        "seed": evidence.seed,
        "classes": list(evidence.dataset.class_names),
        "accuracy": evaluation.accuracy,
        "loss": evaluation.loss,
        "logit_error": evidence.survey.logit_error,
        "confusion": evaluation.confusion.tolist(),
        "layers": [
            {
                "name": layer.name,
                "channels": layer.channels,
                "active_share": _known(layer.active_share),
                "silent_channels": layer.silent_channels.tolist(),
                "image_correlation": _known(layer.image_correlation),
                "probe_accuracy": _known(layer.probe.accuracy),
            }
            for layer in evidence.survey.layers
        ],
        "trust": trust_twin(evidence),
        "causes": causes_twin(evidence.causes),
        "mistakes": [
            [int(number), int(true), int(predicted)]
            for number, true, predicted in zip(
                evidence.mistakes.numbers, evidence.mistakes.true, evidence.mistakes.predicted, strict=True
            )
        ],
    }


def _known(value: float) -> float | None:
    return float(value) if value == value else None
