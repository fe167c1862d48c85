"""`featurelens report` of a regression: `--task regression`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from featurelens.scripts.options.gates import require_known, stop_if
from featurelens.scripts.options.opening import Opening, load_with_card, open_numbers
from featurelens.scripts.reporting.whole_page import WholeChoice, checked, looked_and_written, tell_written

Unit = Annotated[str, typer.Option(help="Unit of a regression's numbers, such as years.")]


@dataclass(frozen=True)
class NumbersChoice:
    """What of a regression is reported on."""

    number: Annotated[
        str | None, typer.Option(help="Of a regression of several numbers: the one that the maps explain.")
    ] = None
    unit: Unit = ""


def refuse_class_options(given: Mapping[str, Any], task: str) -> None:
    """Refuse options that speak of classes.

    Args:
        given: {option: as typed}.
        task: That there is instead.

    Raises:
        ValueError: One was typed.
    """
    for name, value in given.items():
        if value:
            raise ValueError(
                f"Expected a classifier and one class for each image for {name}. Received --task {task}. Leave {name} out."
            )


def refuse_number_options(choice: NumbersChoice, opening: Opening) -> None:
    """Refuse what only a regression has.

    Raises:
        ValueError: One was typed without --task regression.
    """
    for name, value in (("--number", choice.number), ("--unit", choice.unit), ("--direction", opening.direction)):
        if value:
            raise ValueError(
                f"Expected a regression for {name}. Received a model of classes. Leave {name} out, or pass --task regression."
            )


def report_numbers(
    data: str | None,
    model: str,
    target: Path,
    opening: Opening,
    choice: WholeChoice,
    numbers: NumbersChoice,
    *,
    command: str,
) -> None:
    """Write the report of a regression."""
    settled = checked(data, model, target, opening, choice, "regression")
    loaded, card = load_with_card(model, replace(opening, direction=None))
    dataset = open_numbers(settled.data, loaded, card, opening, numbers.unit)
    from featurelens.models.evaluation.numbers import numbers_in
    from featurelens.reports.drawing.wording import count
    from featurelens.reports.evidence.trust import SHOWN
    from featurelens.reports.regression.page import explained_numbers, write_regression_report
    from featurelens.reports.regression.seen import Asked
    from featurelens.reports.report_choice import sampled

    dataset = sampled(dataset, choice.page.max_images, choice.seed)
    require_known(settled.conditions, numbers_in(dataset).names, SHOWN)
    asked, plan = Asked.of(numbers_in(dataset), numbers.number, opening.direction or "up"), choice.plan()
    _, figures = looked_and_written(
        choice,
        plan,
        dataset.images.shape,
        lambda step: explained_numbers(loaded, dataset, plan, asked, card=card, command=command, step=step),
        lambda found, step: write_regression_report(found, settled.files, words=settled.words, step=step),
    )
    tell_written(choice, target, count(len(dataset), "picture"))
    stop_if(settled.conditions, figures, choice.gates)
