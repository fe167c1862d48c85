"""`featurelens evaluate` of what has no classes: the figures on the terminal, and as plots and JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from featurelens.scripts.terminal.saying import say
from featurelens.scripts.terminal.tables import print_table

if TYPE_CHECKING:
    from featurelens.models.datasets.dataset import Dataset
    from featurelens.models.evaluation.labels import LabelEvaluation
    from featurelens.models.evaluation.numbers import NumberEvaluation


def measure_numbers(model: Any, dataset: Dataset, output: Path | None) -> None:
    """Print MAE, RMSE and R2 with intervals and the errors by range; with a folder write them and the plots."""
    from featurelens.models import evaluate

    found = evaluate(model, dataset, task="regression")
    _print(found)
    if output is not None:
        _write(found, output)


def measure_labels(model: Any, dataset: Dataset, output: Path | None) -> None:
    """Print the figures of each label and how often all of a picture are right; with a folder write them and the plots."""
    from featurelens.interpret import inspect_model
    from featurelens.models import evaluate

    head = inspect_model(model, dataset.images[:32]).head
    found = evaluate(model, dataset, task="labels", head=head)
    _print_labels(found)
    if output is not None:
        _write_labels(found, output)


def _print_labels(found: LabelEvaluation) -> None:
    from rich.markup import escape
    from rich.table import Table

    from featurelens.reports.several_labels.figures import share_words

    table = Table("label", title=f"all labels right on {share_words(found.exact)} of {len(found.marks):,} images")
    for name in ("images", "precision", "recall", "F1", "average precision", "best threshold"):
        table.add_column(name, justify="right")
    for each in found.figures:
        shares = share_words(each.precision), share_words(each.recall)
        numbers = (each.f1, each.average_precision, each.best_threshold)
        table.add_row(escape(each.name), f"{each.images:,}", *shares, *(f"{value:.3f}" for value in numbers))
    print_table(table)
    say(f"mean average precision {found.macro_average_precision:.4f}, F1 of all labels {found.micro_f1:.4f}")


def _write_labels(found: LabelEvaluation, folder: Path) -> None:
    from featurelens.reports.files.whole_files import write_bytes_whole, write_whole
    from featurelens.reports.several_labels.plots import difference_matrix, together_matrix

    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "evaluation.json", found.to_json() + "\n")
    together = found.together
    plots = {
        "together": together_matrix(together.true, found.names, "Borne together, images"),
        "together_answered": difference_matrix(
            together.answered - together.true, together.true, found.names, "Answered less borne"
        ),
    }
    for name, plot in plots.items():
        write_bytes_whole(folder / f"{name}.png", plot.png())
        write_bytes_whole(folder / f"{name}.svg", plot.svg().encode())
    say(f"Wrote {1 + 2 * len(plots)} files into {folder}.")


def _print(found: NumberEvaluation) -> None:
    from rich.markup import escape
    from rich.table import Table

    from featurelens.reports.regression.drawn import with_interval
    from featurelens.reports.regression.plots import bare, range_words

    of = f", {escape(found.unit)}" if found.unit else ""
    table = Table("number", title=f"{len(found.truth):,} images, with 95 % intervals")
    for name in (f"MAE{of}", f"RMSE{of}", "R2", "predicted less true"):
        table.add_column(name, justify="right")
    for each in found.figures:
        table.add_row(escape(each.name), *map(with_interval, (each.mae, each.rmse, each.r2, each.bias)))
    print_table(table)
    for each in found.figures:
        ranges = Table(f"true {escape(bare(each.name))}{of}")
        for name in ("images", "MAE", "predicted less true"):
            ranges.add_column(name, justify="right")
        for part in each.ranges:
            ranges.add_row(range_words(part), f"{part.images:,}", with_interval(part.mae), with_interval(part.bias))
        print_table(ranges)


def _write(found: NumberEvaluation, folder: Path) -> None:
    from featurelens.reports.files.whole_files import write_bytes_whole, write_whole
    from featurelens.reports.regression.plots import errors_by_range, predicted_against_true

    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "evaluation.json", found.to_json(indent=1) + "\n")
    for place, each in enumerate(found.figures):
        plots = {
            "predicted_and_true": predicted_against_true(
                found.truth[:, place], found.answers[:, place], each.name, found.unit
            ),
            "errors_by_range": errors_by_range(each.ranges, each.name, found.unit),
        }
        ending = "" if len(found.figures) == 1 else f"-{place}"
        for name, plot in plots.items():
            write_bytes_whole(folder / f"{name}{ending}.png", plot.png())
            write_bytes_whole(folder / f"{name}{ending}.svg", plot.svg().encode())
    say(f"Wrote {1 + 4 * len(found.figures)} files into {folder}.")
