"""`featurelens report` of a regression: `--task regression`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from featurelens.scripts.options.early_checks import checked_data
from featurelens.scripts.options.gates import checked_gates, require_known, stop_if
from featurelens.scripts.options.opening import Opening, load_with_card, open_numbers
from featurelens.scripts.options.outputs import check_page_outputs
from featurelens.scripts.reporting.page_choice import progress_of, told
from featurelens.scripts.reporting.unlabelled import PicturesChoice, written_files

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
    choice: PicturesChoice,
    numbers: NumbersChoice,
    *,
    command: str,
) -> None:
    """Write the report of a regression."""
    from featurelens.reports.drawing.wording import count
    from featurelens.reports.evidence.plan import ReportPlan
    from featurelens.reports.evidence.trust import SHOWN, TRUST_IMAGES
    from featurelens.reports.files.report_files import ReportFiles
    from featurelens.reports.report_choice import sampled

    page = choice.page
    words, conditions = page.read(usual=f"What {Path(model).stem} answers"), checked_gates(choice.gates, "regression")
    written = written_files(target, choice)
    images_from = checked_data(model, data, opening)
    beside = [opening.class_names, page.logo, page.note]
    check_page_outputs([target, *choice.gates.written], models=[model], data=[images_from], files=beside)
    loaded, card = load_with_card(model, replace(opening, direction=None))
    dataset = open_numbers(images_from, loaded, card, opening, numbers.unit)
    dataset = sampled(dataset, page.max_images, choice.seed)
    from featurelens.models.evaluation.numbers import numbers_in
    from featurelens.reports.regression.page import explained_numbers, write_regression_report
    from featurelens.reports.regression.seen import Asked

    require_known(conditions, numbers_in(dataset).names, SHOWN)
    asked = Asked.of(numbers_in(dataset), numbers.number, opening.direction or "up")
    images = TRUST_IMAGES if choice.trust_images is None else choice.trust_images
    plan = ReportPlan(choice.batch_size, images, trust_budget=choice.trust_budget, seed=choice.seed)
    with progress_of(page, plan.expected(dataset.images.shape)) as step:
        found = explained_numbers(loaded, dataset, plan, asked, card=card, command=command, step=step)
        figures = write_regression_report(found, ReportFiles(target, *written[1:]), words=words, step=step)
    size = f"{target.stat().st_size / 1e6:.1f} MB"
    told(page, target, f"Wrote {target} ({size}), of {count(len(dataset), 'picture')}. Open it in a browser.")
    stop_if(conditions, figures, choice.gates)
