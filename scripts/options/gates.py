"""Files for programs, and conditions that stop a run: options of `featurelens report`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from featurelens.reports.files.conditions import Condition

STOPPED = 3  # exit code: the report is written, and a condition of --fail-if holds


@dataclass(frozen=True)
class Gates:
    """What is written beside the page, and what stops the run."""

    json: Annotated[Path | None, typer.Option(help="Write every figure as JSON too.")] = None
    arrays: Annotated[Path | None, typer.Option(help="Write every map drawn as .npz too, by image number.")] = None
    fail_if: Annotated[
        list[str] | None,
        typer.Option(
            help="Exit with 3 where this holds: 'accuracy < 0.89', 'recall(Shirt) < 70%', 'trust(HiResCAM) == failed', "
            "'problems > 0'; of a regression 'mae > 2', of several labels 'map < 0.5', of a segmentation 'iou(road) < 0.5'. May "
            "be given several times."
        ),
    ] = None
    junit: Annotated[Path | None, typer.Option(help="Write what the conditions came to as JUnit XML.")] = None
    annotations: Annotated[
        bool, typer.Option("--annotations", help="Print failed conditions as GitHub annotations, as on GitHub itself.")
    ] = False

    @property
    def written(self) -> list[Path]:
        """The files that these options write."""
        return [path.expanduser().absolute() for path in (self.json, self.arrays, self.junit) if path is not None]


def checked_gates(gates: Gates, task: str = "classes") -> list[Condition]:
    """The conditions, taken apart; what can be refused before any work is.

    Args:
        gates: As typed.
        task: Of the report: 'classes', 'regression', 'labels' or 'segmentation'.

    Raises:
        ValueError: A file cannot be written or ends wrongly, a condition is none, or two options name one file.
    """
    from featurelens.reports.files.conditions import parse
    from featurelens.reports.files.whole_files import check_arrays_name, check_writable

    for path in gates.written:
        check_writable(path)
    if gates.arrays is not None:
        check_arrays_name(gates.arrays)
    if gates.junit is not None and not gates.fail_if:
        raise ValueError(
            "Expected --fail-if with --junit, which writes what it came to. Received none. Add a condition."
        )
    return [parse(text, task) for text in gates.fail_if or ()]


def refuse_one_file_twice(paths: Sequence[Path]) -> None:
    """Refuse two outputs of one name.

    Raises:
        ValueError: There are.
    """
    real = [Path(os.path.realpath(path)) for path in paths]
    twice = next((path for path in real if real.count(path) > 1), None)
    if twice is not None:
        raise ValueError(f"Expected a file of its own for each output. Received '{twice}' twice. Name another one.")


def require_known(conditions: Sequence[Condition], names: tuple[str, ...], methods: tuple[str, ...]) -> None:
    """Refuse conditions on classes, labels, numbers or methods that the report will not have, before the work starts."""
    from featurelens.reports.files.conditions import require_names

    for condition in conditions:
        require_names(condition, names, methods)


def stop_if(conditions: Sequence[Condition], figures: dict[str, Any], gates: Gates) -> None:
    """Tell what the conditions came to, and end the run with exit code 3 where one holds."""
    from featurelens.reports.files.check_results import annotation, junit_xml
    from featurelens.reports.files.conditions import judge
    from featurelens.reports.files.whole_files import write_whole

    outcomes = [judge(condition, figures) for condition in conditions]
    if gates.junit is not None:
        write_whole(gates.junit.expanduser().absolute(), junit_xml(outcomes, f"featurelens report {_model(figures)}"))
    failed = [outcome for outcome in outcomes if outcome.holds]
    for outcome in failed:
        typer.echo(f"Stopped by --fail-if {outcome.reason}", err=True)
        if gates.annotations or os.environ.get("GITHUB_ACTIONS") == "true":
            typer.echo(annotation(outcome))
    if failed:
        raise typer.Exit(STOPPED)


def _model(figures: dict[str, Any]) -> str:
    return str(figures.get("about", {}).get("model", ""))
