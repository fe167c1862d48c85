"""The report: a model and its data in, one HTML file out.

The flow: a plan says how thoroughly to look; `Seen` looks at the model through all images; each section computes its
evidence, a record of numbers; from the records come the findings, the page, and its twin for programs.
"""

from __future__ import annotations

import datetime
import importlib.metadata
import json as json_module
import math
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from ..interpret.graph.tasks import declared_task
from ..interpret.layers.signal_input import signal_axes
from ..interpret.methods.catalogue import KnownMethod
from ..interpret.own_scores import scored_as
from ..interpret.progress import Progress
from ..interpret.tracing.sharing import programs_shared
from ..interpret.tracing.variants import rows_limited
from ..models.datasets.dataset import Dataset
from ..models.datasets.pixel_range import warn_of_range
from ..models.evaluation.numbers import numbers_in
from ..models.fitting import UNLABELLED, dataset_for, known_for, labelled_for
from ..models.formats.places.signal_files import open_signals
from ..models.model_files.cards import ModelCard, card_of
from ..models.signals import Signals
from ..models.truth.record import LABELS, REGRESSION, Numbers
from .drawing.wording import count
from .evidence.performance import PerformanceEvidence
from .evidence.plan import ReportPlan
from .evidence.seen import Seen
from .evidence.trust import TRUST_IMAGES, TrustFile
from .evidence.twin import json_text, twin
from .files.report_files import ReportFiles, document, drawn_arrays
from .files.whole_files import check_arrays_name, check_page, check_writable, write_arrays, write_whole
from .free_memory import give_back
from .html.own_words import NO_WORDS, OwnWords
from .html.page import Header, Section, View, render_page
from .html.score_words import in_score_words
from .html.tiles import Sprite
from .notebook.written import WrittenReport
from .regression.page import explained_numbers, write_regression_report
from .regression.seen import Asked
from .report_choice import (
    DEFAULT_PATH,
    PAGE_SECTIONS,
    chosen_sections,
    known_method,
    only_classes,
    own_words,
    sampled,
    without_dead_links,
)
from .sections.front.findings import ordered_findings
from .sections.front.opening import opening
from .sections.images import IMAGES, page_payload
from .sections.mistakes import MistakesSection
from .sections.performance import PerformanceSection
from .sections.screening.shortcuts import ShortcutsSection
from .sections.section import VIEWS, About, Finding, Part, ReportSection
from .sections.trust import TrustSection
from .several_labels.page import explained_labels, write_labels_report
from .signals.page import explained_signals, write_signals_report
from .store.for_report import from_store
from .store.opening import open_store
from .unlabelled.page import explained_pictures, write_pictures_report


@dataclass(frozen=True, eq=False)
class Report:
    """All that a page is written from."""

    about: About
    evidence: Mapping[str, Any]  # {id of a section: its record of numbers}
    sections: Sequence[ReportSection[Any]]  # all that were asked for, those left out included
    seen: Seen | None = None  # what it was gathered from, to gather less of it


def write_report(
    model: Any,
    dataset: Any,
    path: str | Path = DEFAULT_PATH,
    *,
    title: str | None = None,
    logo: str | Path | None = None,
    note: str | Path | None = None,
    sections: Sequence[str] | None = None,
    classes: Sequence[str | int] | None = None,
    max_images: int | None = None,
    max_size: float | None = None,
    card: ModelCard | None = None,
    command: str | None = None,
    batch_size: int | None = None,
    trust_images: int = TRUST_IMAGES,
    trust_budget: int | None = None,
    trust_file: TrustFile | None = None,
    methods: Sequence[str | KnownMethod] = (),
    training: Any = None,
    store: str | Path | None = None,
    json: str | Path | None = None,
    arrays: str | Path | None = None,
    task: str | None = None,
    direction: str = "up",
    number: str | int | None = None,
    seed: int = 0,
    step: Progress = False,
) -> WrittenReport:
    """Explain a model on a data set, and write what was found into one HTML file.

    Args:
        model: A Keras model that takes one image and answers one score per class.
        dataset: A `Dataset` of images in the range that the model takes, with a name for each of the model's classes;
            (images, labels); or whatever `open_dataset` reads, which is fitted to the model. Of a model of series or volumes
            `Signals`, or whatever `open_signals` reads: the report is then of these. Of pictures without labels (one, a list, a
            folder of them) the report tells what the model answers, and nothing that needs a true class.
        path: The file; an older one is replaced in one step when the new one is whole.
        title: Of the page; None: 'What NAME sees'.
        logo: A PNG, JPEG or WebP of at most 300 KB, at the page's head.
        note: A text in Markdown, below the headline; HTML in it is shown as text.
        sections: The ids of those to compute and to show, in any order, such as ['performance', 'mistakes']; None: all.
        classes: Names or numbers: only images whose true class is one of these are looked at; None: all.
        max_images: Of more images, so many are drawn with `seed`, and the page is of these.
        max_size: Megabytes (10^6 bytes) of the page, about: above it fewer mistakes and fewer correctly classified images are
            drawn, never fewer counted, and the page says so.
        card: What is known of the training, for its curves and its recipe; None: the one that the model was loaded with.
        command: The command line to print in the report.
        batch_size: Images at a time; None: as many as fit a few megabytes, 256 of 28x28, 8 of 224x224.
        trust_images: Images that the trust in the maps is measured on, at most; 0 measures none.
        trust_budget: Passes forward and backward for that (see `interpret.trust.budget`); None: by the images' size.
        trust_file: The trust as `featurelens trust` measured it, on this model and these images; it is taken instead.
        methods: Drawn beside each mistake and tested like the others, names such as 'rise' or records of your own; an
            image costs as many passes as the method's record says.
        training: The images that the model was trained on, as `dataset`: near copies of the others are looked for among them.
        store: What `extract(..., for_report=True)` wrote of this model and these images: what is counted over all images is
            read from it, and only a few images are looked at again.
        json: A file for all figures, those of the page and the answer to each image (see `files.report_files`).
        arrays: A file .npz for the numbers of each image: labels int64[B], predictions int64[B], probabilities
            float32[B,K], and class_names; and all maps drawn, by the image's number, as `section.field`.
        task: 'regression': the model answers numbers, and the data bear them (`Dataset.from_arrays(..., task='regression')`,
            or (images, numbers)); the report is then of a regression, and speaks of no class. None: what the data bear, or
            what was declared of the model.
        direction: Of a regression: whether Grad-CAM, saliency and the trust are of what raises the number, 'up', or what
            lowers it, 'down'.
        number: Of a regression with several numbers: the one that the maps explain, by name or place; None: the first.
        seed: Of all images that are sampled.
        step: True for a bar of each stage, or a function called with (what is being done, done, total).

    Returns:
        The absolute path of the file, which a notebook shows as the page.

    Raises:
        ValueError: A file cannot be written (found before the work starts), the data do not fit the model, the logits
            could not be proven, a section, class or method is unknown, or the model refuses one of the methods.
    """
    files = ReportFiles(_absolute(path), *(None if each is None else _absolute(each) for each in (json, arrays)))
    _check_files(files)
    words = own_words(title, logo, note)
    shown = chosen_sections(sections, needs_performance=arrays is not None)
    further = tuple(each if isinstance(each, KnownMethod) else known_method(each) for each in methods)
    if _is_of_signals(model, dataset, task):
        _refuse_beside_signals(
            {
                "sections": sections,
                "methods": methods or None,
                "training": training,
                "store": store,
                "max_size": max_size,
            }
        )
        _refuse_without_numbers(direction, number)
        plan = ReportPlan(batch_size, trust_images, trust_file, trust_budget=trust_budget, seed=seed)
        signals = _signals_for(dataset, model, classes, max_images, seed)
        found = explained_signals(model, signals, plan, card=card or card_of(model), command=command, step=step)
        write_signals_report(found, files, words=words, step=step)
        return WrittenReport(files.page)
    kind = _task_of(model, dataset, task)
    classes_alone = {"sections": sections, "classes": classes, "training": training, "store": store}
    if kind is not None:
        _refuse_beside_classes(
            {**classes_alone, "methods": methods or None, "trust_file": trust_file, "max_size": max_size}
        )
        known = _known_truth(model, dataset, kind)
        plan = ReportPlan(batch_size, trust_images, trust_budget=trust_budget, seed=seed)
        if kind == LABELS:
            _refuse_without_numbers(direction, number)
            labels = explained_labels(
                model, sampled(known, max_images, seed), plan, card=card, command=command, step=step
            )
            write_labels_report(labels, files, words=words, step=step)
            return WrittenReport(files.page)
        asked = Asked.of(numbers_in(known), number, direction)
        numbers = explained_numbers(
            model, sampled(known, max_images, seed), plan, asked, card=card, command=command, step=step
        )
        write_regression_report(numbers, files, words=words, step=step)
        return WrittenReport(files.page)
    _refuse_without_numbers(direction, number)
    given = dataset_for(dataset, model)
    given = sampled(given, max_images, seed) if given.class_names == UNLABELLED else given
    if given.class_names == UNLABELLED:
        _refuse_beside(classes_alone)
        plan = ReportPlan(batch_size, trust_images, trust_file, trust_budget=trust_budget, seed=seed, methods=further)
        pictures = explained_pictures(model, given, plan, card=card, command=command, step=step)
        write_pictures_report(pictures, files, words=words, step=step)
        return WrittenReport(files.page)
    dataset = sampled(only_classes(labelled_for(given, model), classes), max_images, seed)
    plan = ReportPlan(
        batch_size,
        trust_images,
        trust_file,
        trust_budget=trust_budget,
        seed=seed,
        methods=further,
        training=None if training is None else labelled_for(training, model),
    )
    if store is not None:
        dataset, plan = from_store(open_store(store), model, dataset, plan)
    found = explained(model, dataset, plan, sections=shown, card=card, command=command, step=step)
    ids = [section.id for section in chosen_sections(sections)]
    write_files(found, files, shown=ids, words=words, max_size=max_size, step=step)
    return WrittenReport(files.page)


def _is_of_signals(model: Any, dataset: Any, task: str | None) -> bool:
    """Whether series or volumes are classified, by what the model takes."""
    return task is None and not isinstance(dataset, Dataset) and signal_axes(model) is not None


def _signals_for(given: Any, model: Any, classes: Sequence[str | int] | None, most: int | None, seed: int) -> Signals:
    """The series or volumes that the page is of."""
    known: Any = given if isinstance(given, Signals) else open_signals(given, model=model)
    return sampled(only_classes(known.labelled(), classes), most, seed)  # type: ignore[return-value]


def _refuse_beside_signals(asked: Mapping[str, Any]) -> None:
    """Refuse what a report of series and volumes does not have."""
    given = [name for name, value in asked.items() if value is not None]
    if given:
        raise ValueError(
            f"Expected a model of pictures for {given[0]}=. Received one of series or volumes, whose report has no such part. "
            f"Leave {given[0]}= out."
        )


def _task_of(model: Any, dataset: Any, task: str | None) -> str | None:
    """What the model answers where it is no class: as it is said, else as the data or the model tell."""
    if task is not None and task not in (REGRESSION, LABELS):
        raise ValueError(
            f"Expected the task '{REGRESSION}' or '{LABELS}'. Received {task!r}. Leave task= out for classes."
        )
    if task is None and isinstance(dataset, Dataset) and dataset.truth is not None:
        return REGRESSION if isinstance(dataset.truth, Numbers) else LABELS
    declared = declared_task(model) == REGRESSION and scored_as(model) is None  # a score of one's own has no truth
    return REGRESSION if task is None and declared else task


def _known_truth(model: Any, dataset: Any, task: str) -> Dataset:
    """The data with what is known of each image."""
    return dataset if isinstance(dataset, Dataset) else known_for(dataset, model, task)


def _refuse_beside_classes(asked: Mapping[str, Any]) -> None:
    """Refuse what a report of numbers, or of several labels, does not have."""
    given = [name for name, value in asked.items() if value is not None]
    if given:
        raise ValueError(
            f"Expected a classifier and its classes for {given[0]}=. Received a model of numbers or of several labels. Leave "
            f"{given[0]}= out."
        )


def _refuse_without_numbers(direction: str, number: str | int | None) -> None:
    """Refuse what only a regression has."""
    if direction != "up" or number is not None:
        name = "direction" if direction != "up" else "number"
        raise ValueError(
            f"Expected a regression for {name}=. Received a model of classes. Leave it out, or pass task='{REGRESSION}'."
        )


def _refuse_beside(asked: Mapping[str, Any]) -> None:
    """Refuse what a report of pictures without labels does not have."""
    given = [name for name, value in asked.items() if value is not None]
    if given:
        raise ValueError(
            f"Expected pictures with their classes for {given[0]}=. Received pictures without. Leave {given[0]}= out, or put "
            f"the pictures into one folder per class."
        )


def _absolute(path: str | Path) -> Path:
    return Path(path).expanduser().absolute()


def explained(
    model: Any,
    dataset: Dataset,
    plan: ReportPlan,
    *,
    sections: Sequence[ReportSection[Any]] = PAGE_SECTIONS,
    card: ModelCard | None = None,
    command: str | None = None,
    step: Progress = False,
) -> Report:
    """All that a page is written from; arguments and errors as for `write_report`."""
    warn_of_range(model, dataset)
    known = card_of(model) if card is None else card
    return gather_report(Seen(model, dataset, plan, card=known, command=command, step=step), sections)


def write_files(
    report: Report,
    files: ReportFiles,
    *,
    shown: Sequence[str] | None = None,
    words: OwnWords = NO_WORDS,
    max_size: float | None = None,
    step: Progress = False,
) -> dict[str, Any]:
    """Write the page and, where they are named, its figures and its arrays; returns the figures.

    Args:
        report: All that was found.
        files: Where it is written to.
        shown: The ids of the sections to show; None: all.
        words: What a person adds to the page.
        max_size: Megabytes of the page, about.
        step: Told that the page is drawn.
    """
    if callable(step):
        step("drawing the page", 0, 1)
    report, page = _within(report, shown, words, max_size)
    asked = report if shown is None else _only(report, shown)
    write_whole(files.page, page)
    told = ordered_findings(asked.sections, asked.evidence, asked.about)
    figures = document(report_twin(asked, told), _answers(report), files.arrays)
    if files.json is not None:
        write_whole(files.json, json_text(figures) + "\n")
    if files.arrays is not None:
        write_arrays(files.arrays, {**_of_images(report), **drawn_arrays(asked.evidence)})
    if callable(step):
        step("drawing the page", 1, 1)
    return figures


def _within(
    report: Report, shown: Sequence[str] | None, words: OwnWords, megabytes: float | None
) -> tuple[Report, str]:
    """The page, and the report that it is of: gathered anew with fewer pictures where the page is too large."""
    tried: list[tuple[float, float]] = []  # (share drawn, megabytes)
    while True:
        page = report_html(report if shown is None else _only(report, shown), words)
        seen, size = report.seen, len(page.encode()) / 1e6
        if megabytes is None or seen is None or size <= megabytes:
            return report, page
        if seen.plan.drawn <= _FEWEST_DRAWN:
            _warn_of_size(size, megabytes)
            return report, page
        tried.append((seen.plan.drawn, size))
        seen.draw_less(_share_for(megabytes, tried), megabytes)
        report = gather_report(seen, report.sections)


def _share_for(megabytes: float, tried: Sequence[tuple[float, float]]) -> float:
    """The share of the pictures to draw, from the sizes of the pages that were drawn: a part of each does not shrink.

    Example:
        >>> _share_for(4.0, [(1.0, 6.0), (0.5, 5.0)])  # 4 MB that stay, and 2 MB for all pictures
        0.02
    """
    share, size = tried[-1]
    guess = share * 0.95 * megabytes / size
    if len(tried) > 1 and tried[-2][1] > size:
        per_share = (tried[-2][1] - size) / (tried[-2][0] - share)
        guess = share - (size - 0.97 * megabytes) / per_share
    return max(_FEWEST_DRAWN, min(0.8 * share, guess))


def _warn_of_size(size: float, megabytes: float) -> None:
    warnings.warn(
        f"Expected a page of at most {megabytes:g} MB. With the fewest pictures that are drawn it has {size:.2f} MB. Ask for "
        f"{math.ceil(100 * size) / 100:g}, for fewer sections, or for fewer classes.",
        stacklevel=2,
    )


def _of_images(report: Report) -> dict[str, np.ndarray]:
    """The answer to each image, as arrays."""
    evaluation = report.about.evaluation
    assert evaluation is not None  # by About.of
    return {
        "labels": evaluation.labels,
        "predictions": evaluation.predictions,
        "probabilities": evaluation.probabilities,
        "class_names": np.array(evaluation.class_names),
    }


def _answers(report: Report) -> dict[str, Any]:
    """The answer to each image, in their order."""
    evaluation = report.about.evaluation
    assert evaluation is not None  # by About.of
    every, predicted, true = np.arange(len(evaluation.labels)), evaluation.predictions, evaluation.labels
    columns = {
        "true": true,
        "predicted": predicted,
        "probability": evaluation.probabilities[every, predicted].astype(np.float64).round(6),
        "of_true": evaluation.probabilities[every, true].astype(np.float64).round(6),
    }
    return twin(columns)


def _check_files(files: ReportFiles) -> None:
    """Refuse, before anything is computed, what cannot be written, or would be written over each other."""
    targets = [each for each in (files.page, files.json, files.arrays) if each is not None]
    check_page(files.page)
    for target in targets[1:]:
        check_writable(target)
    if files.arrays is not None:
        check_arrays_name(files.arrays)
    if len(set(targets)) < len(targets):
        raise ValueError(
            f"Expected different files for the page, json= and arrays=. Received {', '.join(map(str, targets))}. Rename one."
        )


def _only(found: Report, ids: Sequence[str]) -> Report:
    """The report without the sections that were computed for something beside the page."""
    evidence = {name: record for name, record in found.evidence.items() if name in ids}
    return replace(found, evidence=evidence, sections=tuple(each for each in found.sections if each.id in ids))


def gather_report(seen: Seen, sections: Sequence[ReportSection[Any]] = PAGE_SECTIONS) -> Report:
    """The evidence of each section that has any, in their order."""
    evidence: dict[str, Any] = {}
    with programs_shared(), rows_limited(seen.plan.batch_size):
        seen.stream([statistic for section in sections for statistic in section.needs(seen)])
        give_back(seen.dataset.images.shape)
        for section in sections:
            found = section.evidence(seen, evidence)
            if found is not None:
                evidence[section.id] = found
            if section.id in _RUNNING_MUCH:
                give_back(seen.dataset.images.shape)
    give_back(seen.dataset.images.shape)
    return Report(About.of(seen), evidence, tuple(sections), seen)


def report_html(report: Report, words: OwnWords = NO_WORDS) -> str:
    """The whole page; of some sections, without links to the others."""
    told = ordered_findings(report.sections, report.evidence, report.about)
    first = opening(report.evidence, told, report.about)
    shown, sprites, parts = _drawn(report)
    page = render_page(
        words.title or report.about.information.name,
        shown,
        replace(_header(report), logo=words.logo),
        [*first.sprites, *sprites],
        _small_enough(report_twin(report, told)),
        views=_views(report, _noted(first.html, words.note)),
        payload=page_payload(report.evidence, parts, report.about),
    )
    return page if len(report.sections) >= len(PAGE_SECTIONS) else without_dead_links(page)


def _noted(first: Markup, note: Markup) -> Markup:
    """What stands above all else, with a person's note below."""
    if not note:
        return first
    return first + Markup('<section class="own-note" aria-label="Note">{}</section>').format(note)


def _small_enough(told: dict[str, Any]) -> dict[str, Any]:
    """The twin as the page carries it: a part that would make the file large is named, not carried."""
    return {
        name: {"left_out": "too large for the page"} if len(json_module.dumps(part)) > _MOST_OF_A_PART else part
        for name, part in told.items()
    }


def _drawn(report: Report) -> tuple[list[Section], list[Sprite], list[Part]]:
    """The sections that have evidence, all their sprites, and what they hand to the page's program."""
    shown, sprites, parts = [], [], []
    for section in report.sections:
        if section.id in report.evidence:
            part = section.html(report.evidence[section.id], report.about)
            html = in_score_words(part.html, report.about.information.unit)
            tab = getattr(section, "view", "method")
            shown.append(Section(section.id, section.title, html, part.lead or section.lead, part.parts, tab))
            sprites += part.sprites
            parts.append(part)
    return shown, sprites, parts


def _views(report: Report, first: Markup) -> list[View]:
    """The tabs, with how much is behind them."""
    found: PerformanceEvidence | None = report.evidence.get(PerformanceSection.id)
    notes = {"classes": f"{len(report.about.class_names):,}"}
    if found is not None:
        notes["confusions"] = f"{len(found.confusions):,}"
    fronts = {"findings": first}
    if MistakesSection.id in report.evidence or (found is not None and report.about.information.cam_layer is None):
        fronts["images"] = IMAGES
    return [View(name, title, notes.get(name, ""), fronts.get(name)) for name, title in VIEWS.items()]


_RUNNING_MUCH = (TrustSection.id, ShortcutsSection.id)  # through the model, in graphs that nothing else needs
_FEWEST_DRAWN = 0.02  # share of the pictures below which a page is not made smaller
_MOST_OF_A_PART = 300_000  # letters of a section's figures that the page itself carries
_MOST_FILES = 20_000  # names in the figures for programs


def report_twin(report: Report, told: Sequence[Finding]) -> dict[str, Any]:
    """The report's figures for programs: what it is about, the findings, and each section's evidence under its id."""
    about = {
        "model": report.about.information.name,
        "data": report.about.dataset.source,
        "images": len(report.about.dataset),
        "classes": report.about.class_names,
        "weights": report.about.weights,
        "pixels": report.about.pixels,
        "seed": report.about.seed,
        "command": report.about.command,
        "read": report.about.dataset.preparation,
        "files": report.about.dataset.names[:_MOST_FILES],  # by the number of the image
    }
    return twin({"about": about, "findings": tuple(told), **report.evidence})


def _header(report: Report) -> Header:
    about, information = report.about, report.about.information
    version = importlib.metadata.version("featurelens")
    images = count(len(about.dataset), "image")
    made = f"featurelens {version} on {datetime.date.today():%d %B %Y}"
    return Header(
        kicker=about.dataset.source,
        lead="",
        about=f"on {about.dataset.source}, {images}",
        footer=(
            f"Made by {made}, of {information.name}: {count(information.classes, 'class', 'classes')}, "
            f"{information.parameters:,} parameters. This file is complete: it loads nothing from anywhere."
        ),
    )
