"""`featurelens report` of series and volumes: chosen by what the model takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from featurelens.scripts.options.gates import require_known
from featurelens.scripts.options.opening import Opening, open_signals_for
from featurelens.scripts.options.trust_file import trust_on_file
from featurelens.scripts.reporting.whole_page import WholeChoice, files_of, looked_and_written, tell_written
from featurelens.scripts.terminal.saying import say

if TYPE_CHECKING:
    from featurelens.models.model_files.cards import ModelCard
    from featurelens.reports.files.conditions import Condition
    from featurelens.reports.html.own_words import OwnWords


@dataclass(frozen=True)
class SignalsChoice:
    """What is written of series or volumes, and how."""

    model: str
    data: str
    target: Path
    opening: Opening
    choice: WholeChoice
    trust: Path | None  # what `featurelens trust` measured
    conditions: Sequence[Condition]
    command: str


def refuse_picture_options(given: Mapping[str, Any]) -> None:
    """Refuse options that speak of pictures.

    Args:
        given: {option: as typed}.

    Raises:
        ValueError: One was typed.
    """
    for name, value in given.items():
        if value:
            raise ValueError(
                f"Expected a model of pictures for {name}. Received one of series or volumes, whose report has no such part. "
                f"Leave {name} out."
            )


def report_signals(loaded: Any, card: ModelCard | None, asked: SignalsChoice, words: OwnWords) -> dict[str, Any]:
    """Write the report of series or volumes; returns its figures."""
    from featurelens.reports.drawing.wording import count
    from featurelens.reports.evidence.trust import SHOWN
    from featurelens.reports.report_choice import only_classes, sampled
    from featurelens.reports.signals.page import explained_signals, write_signals_report
    from featurelens.reports.signals.words import ONE

    choice, page = asked.choice, asked.choice.page
    model, signals = open_signals_for(asked.data, loaded, card, asked.opening)
    data: Any = signals  # it is chosen from as a data set of pictures is
    chosen: Any = sampled(only_classes(data, page.wanted_classes), page.max_images, choice.seed)
    anew = choice.most_tested if choice.trust_budget is not None else choice.trust_images
    measured = trust_on_file(asked.trust, anew, asked.model, model, chosen)
    judged = SHOWN if measured is None else tuple(measured.trust.methods)
    require_known(asked.conditions, chosen.class_names, judged)
    kind = ONE[chosen.kind]
    if not page.quiet:
        say(f"The model takes {kind[1]}: this is the report of {kind[1]}.", err=True)
    plan, files = choice.plan(measured), files_of(asked.target, choice)
    _, figures = looked_and_written(
        choice,
        plan,
        chosen.images.shape,
        lambda step: explained_signals(model, chosen, plan, card=card, command=asked.command, step=step),
        lambda found, step: write_signals_report(found, files, words=words, step=step),
    )
    tell_written(choice, asked.target, count(len(chosen), *kind))
    return figures
