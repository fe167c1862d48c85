"""The report: a model and its data in, one HTML file out.

What is asked for is read and checked first; the kind of report that fits the data is then written. The flow of every kind: a
plan says how thoroughly to look; the model is looked at through all images; each section computes its evidence, a record of
numbers; from the records come the findings, the page, and its twin for programs.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..interpret.methods.catalogue import KnownMethod
from ..interpret.progress import Progress
from ..models.model_files.cards import ModelCard
from .evidence.plan import ReportPlan
from .evidence.trust import TRUST_IMAGES, TrustFile
from .files.report_files import checked_files
from .notebook.written import WrittenReport
from .report_choice import DEFAULT_PATH, chosen_sections, known_method, own_words
from .report_kinds import kind_of
from .report_request import ReportRequest


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
    further = tuple(each if isinstance(each, KnownMethod) else known_method(each) for each in methods)
    asked = ReportRequest(
        model,
        dataset,
        checked_files(path, json, arrays),
        own_words(title, logo, note),
        ReportPlan(batch_size, trust_images, trust_file, trust_budget=trust_budget, seed=seed, methods=further),
        sections=None if sections is None else [section.id for section in chosen_sections(sections)],
        classes=classes,
        max_images=max_images,
        max_size=max_size,
        card=card,
        command=command,
        training=training,
        store=store,
        task=task,
        direction=direction,
        number=number,
        step=step,
    )
    kind_of(asked).write(asked)
    return WrittenReport(asked.files.page)
