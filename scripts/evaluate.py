"""Measure how good a model is: `featurelens evaluate`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from featurelens.scripts.options.early_checks import checked_data
from featurelens.scripts.options.opening import (
    DEFAULT_MODEL,
    Data,
    Model,
    Opening,
    is_of_signals,
    load_with_card,
    open_for,
    open_labels,
    open_numbers,
    open_signals_for,
)
from featurelens.scripts.options.outputs import check_outputs
from featurelens.scripts.options.records import takes_records
from featurelens.scripts.reporting.figures import measure_labels, measure_numbers
from featurelens.scripts.reporting.regression import NumbersChoice, Unit, refuse_number_options
from featurelens.scripts.reporting.segmentation import MaskChoice, measure_masks
from featurelens.scripts.terminal.saying import say
from featurelens.scripts.terminal.tables import print_table

if TYPE_CHECKING:
    from featurelens.models import Evaluation, ModelCard


@takes_records
def evaluate(
    model: Model = DEFAULT_MODEL,
    data: Data = None,
    output: Annotated[Path | None, typer.Option(help="Folder for the plots (PNG, SVG) and figures (JSON).")] = None,
    unit: Unit = "",
    masks: MaskChoice = MaskChoice(),
    opening: Opening = Opening(),
) -> None:
    """Print accuracy, loss and the figures of each class; with --output write plots and figures into a folder.

    Of a regression (--task regression): MAE, RMSE and R2 with intervals, and the error by range of the truth. Of several labels
    (--task labels): precision, recall, average precision and the best threshold of each, and how often all are right. Of a model
    that names a class for every pixel (--masks): IoU, recall and precision of each.
    """
    from featurelens.reports.files.evaluation_files import check_folder, remove_earlier, targets, write_evaluation

    if output is not None:
        check_folder(output)
    if masks.wanted(opening):
        refuse_number_options(NumbersChoice(unit=unit), opening)
        measure_masks(data, model, opening, masks, output)
        return
    images_from = checked_data(model, data, opening)
    if output is not None:
        check_outputs(targets(output), models=[model], data=[images_from], files=[opening.class_names])
    loaded, card = load_with_card(model, opening)
    if opening.task == "regression":
        measure_numbers(loaded, open_numbers(images_from, loaded, card, opening, unit), output)
        return
    refuse_number_options(NumbersChoice(unit=unit), opening)
    if opening.task == "labels":
        measure_labels(loaded, open_labels(images_from, loaded, card, opening), output)
        return
    from featurelens.interpret import inspect_model
    from featurelens.models import evaluate as measure

    if is_of_signals(loaded):
        loaded, dataset = _signals(images_from, loaded, card, opening, output)
    else:
        dataset = open_for(images_from, loaded, card, opening)
    evaluation = measure(loaded, dataset, head=inspect_model(loaded, dataset.images[:32]).head)
    _print(evaluation)
    if output is not None:
        written = write_evaluation(evaluation, dataset, output, model=Path(model).stem, card=card)
        earlier = remove_earlier(output, written)
        removed = f" Removed {len(earlier)} of an earlier evaluation: {', '.join(path.name for path in earlier)}."
        say(f"Wrote {len(written)} files into {output}.{removed if earlier else ''}")


def _signals(data: str, model: Any, card: ModelCard | None, opening: Opening, output: Path | None) -> tuple[Any, Any]:
    """The model, and series or volumes with their classes; they are not drawn."""
    if output is not None:
        raise ValueError(
            f"Expected pictures for --output, which draws the mistakes. Received a model of series or volumes. Leave --output "
            f"{output} out, featurelens report draws them."
        )
    return open_signals_for(data, model, card, opening)


def _figure(value: float) -> str:
    """Four digits, or a dash where there is no such figure: of a class without images, or to which none is taken."""
    return "\N{EN DASH}" if value != value else f"{value:.4f}"


def _print(evaluation: Evaluation) -> None:
    from rich.markup import escape
    from rich.table import Table

    from featurelens.models.evaluation.metrics import averages

    table = Table("class", title=f"accuracy {evaluation.accuracy:.2%}, loss {evaluation.loss:.4f}")
    for name in ("precision", "recall", "F1", "average precision", "images"):
        table.add_column(name, justify="right")
    columns = (evaluation.precision, evaluation.recall, evaluation.f1, evaluation.average_precision)
    for label, name in enumerate(evaluation.class_names):
        table.add_row(escape(name), *(_figure(values[label]) for values in columns), f"{evaluation.support[label]:,}")
    table.add_section()
    for kind, average in averages(evaluation).items():
        figures = (average.precision, average.recall, average.f1, average.average_precision)
        table.add_row(f"{kind} average", *(_figure(value) for value in figures), f"{evaluation.support.sum():,}")
    print_table(table)
    say(f"expected calibration error {evaluation.calibration.expected_error:.4f}")


if __name__ == "__main__":
    from featurelens.scripts.terminal.running import run_alone

    run_alone("evaluate", evaluate)
