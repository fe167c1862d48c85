"""Explain a model on a data set, into one HTML file: `featurelens report`.

The whole way in a few lines: load, explain, write.
"""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from featurelens.scripts.options.early_checks import checked_data
from featurelens.scripts.options.gates import Gates, checked_gates, refuse_one_file_twice, require_known, stop_if
from featurelens.scripts.options.measuring import BatchSize, HtmlFile, Seed, TrustImages, training_data_option
from featurelens.scripts.options.methods import method_named, method_option
from featurelens.scripts.options.opening import DEFAULT_MODEL, Data, Model, Opening, load_with_card, open_for
from featurelens.scripts.options.outputs import check_outputs
from featurelens.scripts.options.records import takes_records
from featurelens.scripts.options.trust_file import trust_on_file
from featurelens.scripts.reporting.page_choice import PageChoice, progress_of, told
from featurelens.scripts.reporting.regression import (
    NumbersChoice,
    refuse_class_options,
    refuse_number_options,
    report_numbers,
)
from featurelens.scripts.reporting.several_labels import report_labels
from featurelens.scripts.reporting.unlabelled import (
    PicturesChoice,
    refuse_labelled_options,
    report_pictures,
    unlabelled_files,
)

if TYPE_CHECKING:
    from featurelens.models.datasets.dataset import Dataset


@dataclass(frozen=True)
class TrustChoice:
    """How far each method can be trusted: as measured before, or measured anew."""

    trust: Annotated[
        Path | None, typer.Option(help="What `featurelens trust` wrote; default: MODEL.trust.json where it fits.")
    ] = None
    trust_images: TrustImages = None
    trust_budget: Annotated[
        int | None,
        typer.Option(
            min=1, help="Test the maps anew within so many passes forward and backward. Default: by the images' size."
        ),
    ] = None


@dataclass(frozen=True)
class Looking(NumbersChoice):
    """How, and at what beside, a report looks."""

    batch_size: BatchSize = None
    method: Annotated[list[str] | None, method_option("A method to draw beside each mistake too, such as layercam")] = (
        None
    )
    training_data: Annotated[
        str | None, training_data_option("among which near copies of the others are looked for.")
    ] = None
    review: Annotated[
        Path | None, typer.Option(help="A review that was exported from a report of this model, to sum up.")
    ] = None
    store: Annotated[
        Path | None, typer.Option(help="What `featurelens extract --for-report` wrote of this model and these images.")
    ] = None
    seed: Seed = 0


@takes_records
def report(
    model: Model = DEFAULT_MODEL,
    data: Data = None,
    output: HtmlFile = Path("featurelens-report.html"),
    tested: TrustChoice = TrustChoice(),
    looking: Looking = Looking(),
    page: PageChoice = PageChoice(),
    gates: Gates = Gates(),
    opening: Opening = Opening(),
) -> None:
    """Explain a model on a data set, and write what was found into one HTML file.

    Without arguments: the shipped zero-padded dropout CNN on the 10,000 test images of Fashion-MNIST, offline.
    """
    from featurelens.reports.evidence.screening.review import read_review
    from featurelens.reports.files.whole_files import check_writable

    target = output.expanduser().absolute()
    check_writable(target)
    beside_classes = _of_classes(tested, looking, page, gates)
    choice = PicturesChoice(
        looking.batch_size, tested.trust_images, tested.trust_budget, looking.seed, page, gates.json, gates.arrays
    )
    if opening.task == "regression":
        refuse_class_options(beside_classes, opening.task)
        report_numbers(data, model, target, opening, choice, looking, command=_command())
        return
    refuse_number_options(looking, opening)
    if opening.task == "labels":
        refuse_class_options(beside_classes, opening.task)
        report_labels(data, model, target, opening, choice, command=_command())
        return
    if (files := unlabelled_files(data, opening)) is not None:
        refuse_labelled_options(beside_classes)
        report_pictures(files, model, target, opening, choice, command=_command())
        return
    words = page.read(usual=f"What {Path(model).stem} sees")  # the file's name: Keras's own may be 'sequential_4'
    conditions = checked_gates(gates)
    refuse_one_file_twice([target, *gates.written])
    further = [method_named(name) for name in looking.method or ()]
    images_from = checked_data(model, data, opening)
    if looking.training_data is not None:
        checked_data(model, looking.training_data, opening)
    read = [images_from, looking.training_data]
    beside = [opening.class_names, tested.trust, looking.review, page.logo, page.note]
    check_outputs([target, *gates.written], models=[model], data=read, files=beside)
    reviewed = None if looking.review is None else read_review(looking.review)
    loaded, card = load_with_card(model, opening)
    dataset = chosen_images(open_for(images_from, loaded, card, opening), page, looking.seed)
    training = None if looking.training_data is None else open_for(looking.training_data, loaded, card, opening)
    from featurelens.reports.evidence.plan import ReportPlan
    from featurelens.reports.evidence.trust import SHOWN, TRUST_IMAGES
    from featurelens.reports.files.report_files import ReportFiles
    from featurelens.reports.report import explained, write_files
    from featurelens.reports.report_choice import chosen_sections

    images = TRUST_IMAGES if tested.trust_images is None else tested.trust_images
    anew = images if tested.trust_budget is not None else tested.trust_images
    measured = trust_on_file(tested.trust, anew, model, loaded, dataset)
    methods = (*SHOWN, *(known.name for known in further)) if measured is None else tuple(measured.trust.methods)
    require_known(conditions, dataset.class_names, methods)
    plan = ReportPlan(
        looking.batch_size,
        images,
        measured,
        trust_budget=tested.trust_budget,
        seed=looking.seed,
        methods=tuple(further),
        training=training,
        review=reviewed,
    )
    if looking.store is not None:
        from featurelens.reports.store.for_report import from_store
        from featurelens.reports.store.opening import open_store

        dataset, plan = from_store(open_store(looking.store), loaded, dataset, plan)
    sections = chosen_sections(page.ids, needs_performance=bool(conditions) or gates.arrays is not None)
    with progress_of(page, plan.expected(dataset.images.shape)) as step:
        found = explained(loaded, dataset, plan, sections=sections, card=card, command=_command(), step=step)
        figures = write_files(
            found,
            ReportFiles(target, *map(_absolute, (gates.json, gates.arrays))),
            shown=[section.id for section in chosen_sections(page.ids)],
            words=words,
            max_size=page.max_size,
            step=step,
        )
    told(page, target, f"Wrote {target} ({target.stat().st_size / 1e6:.1f} MB). Open it in a browser.")
    stop_if(conditions, figures, gates)


def chosen_images(dataset: Dataset, page: PageChoice, seed: int) -> Dataset:
    """The images of the classes asked for, at most as many as asked for."""
    from featurelens.reports.report_choice import only_classes, sampled

    return sampled(only_classes(dataset, page.wanted_classes), page.max_images, seed)


def _of_classes(tested: TrustChoice, looking: Looking, page: PageChoice, gates: Gates) -> dict[str, Any]:
    """The options that a report without classes does not have, as typed."""
    return {
        "--fail-if": gates.fail_if,
        "--junit": gates.junit,
        "--training-data": looking.training_data,
        "--review": looking.review,
        "--store": looking.store,
        "--trust": tested.trust,
        "--method": looking.method,
        "--sections": page.sections,
        "--classes": page.classes,
        "--max-size": page.max_size,
        "--annotations": gates.annotations,
    }


def _absolute(path: Path | None) -> Path | None:
    return None if path is None else path.expanduser().absolute()


def _command() -> str:
    return shlex.join(["featurelens", *sys.argv[1:]]) if "report" in sys.argv[1:2] else "featurelens report"


if __name__ == "__main__":
    from featurelens.scripts.terminal.running import run_alone

    run_alone("report", report)
