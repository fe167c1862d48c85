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
from featurelens.scripts.options.opening import (
    DEFAULT_MODEL,
    Data,
    Model,
    Opening,
    is_of_signals,
    load_with_card,
    open_for,
)
from featurelens.scripts.options.outputs import check_page_outputs
from featurelens.scripts.options.records import takes_records
from featurelens.scripts.options.trust_file import trust_on_file
from featurelens.scripts.reporting.page_choice import PageChoice, progress_of, told
from featurelens.scripts.reporting.regression import (
    NumbersChoice,
    refuse_class_options,
    refuse_number_options,
    report_numbers,
)
from featurelens.scripts.reporting.segmentation import MaskChoice, report_masks
from featurelens.scripts.reporting.several_labels import report_labels
from featurelens.scripts.reporting.signals import SignalsChoice, refuse_picture_options, report_signals
from featurelens.scripts.reporting.unlabelled import refuse_labelled_options, report_pictures, unlabelled_files
from featurelens.scripts.reporting.whole_page import WholeChoice

if TYPE_CHECKING:
    from featurelens.models.datasets.dataset import Dataset
    from featurelens.models.model_files.cards import ModelCard
    from featurelens.reports.evidence.plan import ReportPlan
    from featurelens.reports.evidence.screening.review import Review
    from featurelens.reports.evidence.trust import TrustFile
    from featurelens.reports.files.conditions import Condition
    from featurelens.reports.html.own_words import OwnWords


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
class Looking(NumbersChoice, MaskChoice):
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
    refuse_one_file_twice([target, *gates.written])
    asked = _Asked(model, data, target, tested, looking, page, gates, opening)
    if _without_classes(asked):
        return
    words = page.read(usual=f"What {Path(model).stem} sees")  # the file's name: Keras's own may be 'sequential_4'
    conditions = checked_gates(gates)
    images_from = _checked_files(asked)
    reviewed = None if looking.review is None else read_review(looking.review)
    loaded, card = load_with_card(model, opening)
    if is_of_signals(loaded):
        stop_if(conditions, _of_signals(asked, loaded, card, images_from, words, conditions), gates)
        return
    dataset = chosen_images(open_for(images_from, loaded, card, opening), page, looking.seed)
    training = None if looking.training_data is None else open_for(looking.training_data, loaded, card, opening)
    from featurelens.interpret.tracing.sharing import programs_shared

    with programs_shared():  # what is found of the model for the one is known to the other
        plan = _plan(tested, looking, _trust_on_file(tested, model, loaded, dataset), training, reviewed)
        require_known(conditions, dataset.class_names, _judged(plan))
        if looking.store is not None:
            dataset, plan = _from_store(looking.store, loaded, dataset, plan)
        figures = _written(asked, loaded, dataset, plan, card, words, bool(conditions))
    told(page, target, f"Wrote {target} ({target.stat().st_size / 1e6:.1f} MB). Open it in a browser.")
    stop_if(conditions, figures, gates)


@dataclass(frozen=True)
class _Asked:
    """All that the command was given."""

    model: str
    data: str | None
    target: Path
    tested: TrustChoice
    looking: Looking
    page: PageChoice
    gates: Gates
    opening: Opening


def _without_classes(asked: _Asked) -> bool:
    """Write the report of numbers, several labels, masks or pictures without labels, where it is one of these."""
    of_classes = _of_classes(asked.tested, asked.looking, asked.page)
    choice = _choice(asked)
    if asked.looking.wanted(asked.opening):
        refuse_number_options(asked.looking, asked.opening)
        refuse_class_options(of_classes, "segmentation")
        report_masks(asked.data, asked.model, asked.target, asked.opening, choice, asked.looking, command=_command())
        return True
    if asked.opening.task == "regression":
        refuse_class_options(of_classes, asked.opening.task)
        report_numbers(asked.data, asked.model, asked.target, asked.opening, choice, asked.looking, command=_command())
        return True
    refuse_number_options(asked.looking, asked.opening)
    if asked.opening.task == "labels":
        refuse_class_options(of_classes, asked.opening.task)
        report_labels(asked.data, asked.model, asked.target, asked.opening, choice, command=_command())
        return True
    files = unlabelled_files(asked.data, asked.opening)
    if files is not None:
        refuse_labelled_options({**_of_gates(asked.gates), **of_classes})
        report_pictures(files, asked.model, asked.target, asked.opening, choice, command=_command())
    return files is not None


def _choice(asked: _Asked) -> WholeChoice:
    trust = asked.tested.trust_images, asked.tested.trust_budget
    return WholeChoice(asked.looking.batch_size, *trust, asked.looking.seed, asked.page, asked.gates)


def _of_signals(
    asked: _Asked, loaded: Any, card: ModelCard | None, data: str, words: OwnWords, conditions: list[Condition]
) -> dict[str, Any]:
    """Write the report of series or volumes; returns its figures."""
    of_pictures = ("--training-data", "--review", "--store", "--method", "--sections", "--max-size")
    given = _of_classes(asked.tested, asked.looking, asked.page)
    refuse_picture_options({name: given[name] for name in of_pictures})
    choice = SignalsChoice(
        asked.model, data, asked.target, asked.opening, _choice(asked), asked.tested.trust, conditions, _command()
    )
    return report_signals(loaded, card, choice, words)


def _checked_files(asked: _Asked) -> str:
    """Where the images are; refused is what cannot be read, or would be written over."""
    for name in asked.looking.method or ():
        method_named(name)
    images_from = checked_data(asked.model, asked.data, asked.opening)
    if asked.looking.training_data is not None:
        checked_data(asked.model, asked.looking.training_data, asked.opening)
    read = [images_from, asked.looking.training_data]
    beside = [asked.opening.class_names, asked.tested.trust, asked.looking.review, asked.page.logo, asked.page.note]
    check_page_outputs([asked.target, *asked.gates.written], models=[asked.model], data=read, files=beside)
    return images_from


def _trust_on_file(tested: TrustChoice, model: str, loaded: Any, dataset: Dataset) -> TrustFile | None:
    """The trust as it was measured before, where it fits and is not to be measured anew."""
    anew = _trust_images(tested) if tested.trust_budget is not None else tested.trust_images
    return trust_on_file(tested.trust, anew, model, loaded, dataset)


def _trust_images(tested: TrustChoice) -> int:
    from featurelens.reports.evidence.trust import TRUST_IMAGES

    return TRUST_IMAGES if tested.trust_images is None else tested.trust_images


def _plan(
    tested: TrustChoice, looking: Looking, measured: TrustFile | None, training: Dataset | None, reviewed: Review | None
) -> ReportPlan:
    """How thoroughly to look."""
    from featurelens.reports.evidence.plan import ReportPlan

    return ReportPlan(
        looking.batch_size,
        _trust_images(tested),
        measured,
        trust_budget=tested.trust_budget,
        seed=looking.seed,
        methods=tuple(method_named(name) for name in looking.method or ()),
        training=training,
        review=reviewed,
    )


def _judged(plan: ReportPlan) -> tuple[str, ...]:
    """The methods whose trust the report will know."""
    from featurelens.reports.evidence.trust import SHOWN

    on_file = plan.trust_file
    return (*SHOWN, *(known.name for known in plan.methods)) if on_file is None else tuple(on_file.trust.methods)


def _from_store(store: Path, loaded: Any, dataset: Dataset, plan: ReportPlan) -> tuple[Dataset, ReportPlan]:
    """The data and the plan with what a store has counted of them."""
    from featurelens.reports.store.for_report import from_store
    from featurelens.reports.store.opening import open_store

    return from_store(open_store(store), loaded, dataset, plan)


def _written(
    asked: _Asked,
    loaded: Any,
    dataset: Dataset,
    plan: ReportPlan,
    card: ModelCard | None,
    words: OwnWords,
    judged: bool,
) -> dict[str, Any]:
    """Look, and write the page with its files; returns the figures, those of the performance too where they are `judged`."""
    from featurelens.reports.classification.gathered import explained
    from featurelens.reports.classification.written import write_files
    from featurelens.reports.files.report_files import ReportFiles
    from featurelens.reports.report_choice import chosen_sections

    sections = chosen_sections(asked.page.ids, needs_performance=judged or asked.gates.arrays is not None)
    files = ReportFiles(asked.target, *map(_absolute, (asked.gates.json, asked.gates.arrays)))
    shown = [section.id for section in chosen_sections(asked.page.ids)]
    with progress_of(asked.page, plan.expected(dataset.images.shape)) as step:
        found = explained(loaded, dataset, plan, sections=sections, card=card, command=_command(), step=step)
        return write_files(found, files, shown=shown, words=words, max_size=asked.page.max_size, step=step)


def chosen_images(dataset: Dataset, page: PageChoice, seed: int) -> Dataset:
    """The images of the classes asked for, at most as many as asked for."""
    from featurelens.reports.report_choice import only_classes, sampled

    return sampled(only_classes(dataset, page.wanted_classes), page.max_images, seed)


def _of_gates(gates: Gates) -> dict[str, Any]:
    """The options that a report without a truth does not have, as typed."""
    return {"--fail-if": gates.fail_if, "--junit": gates.junit, "--annotations": gates.annotations}


def _of_classes(tested: TrustChoice, looking: Looking, page: PageChoice) -> dict[str, Any]:
    """The options that a report without classes does not have, as typed."""
    return {
        "--training-data": looking.training_data,
        "--review": looking.review,
        "--store": looking.store,
        "--trust": tested.trust,
        "--method": looking.method,
        "--sections": page.sections,
        "--classes": page.classes,
        "--max-size": page.max_size,
    }


def _absolute(path: Path | None) -> Path | None:
    return None if path is None else path.expanduser().absolute()


def _command() -> str:
    return shlex.join(["featurelens", *sys.argv[1:]]) if "report" in sys.argv[1:2] else "featurelens report"


if __name__ == "__main__":
    from featurelens.scripts.terminal.running import run_alone

    run_alone("report", report)
