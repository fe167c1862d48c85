"""What a report of a classifier of pictures is written from: the evidence of each section, in as few passes as it takes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ...interpret.progress import Progress
from ...interpret.tracing.sharing import programs_shared
from ...interpret.tracing.variants import rows_limited
from ...models.datasets.dataset import Dataset
from ...models.datasets.pixel_range import warn_of_range
from ...models.model_files.cards import ModelCard, card_of
from ..evidence.plan import ReportPlan
from ..evidence.seen import Seen
from ..free_memory import give_back
from ..report_choice import PAGE_SECTIONS
from ..sections.screening.shortcuts import ShortcutsSection
from ..sections.section import About, ReportSection
from ..sections.trust import TrustSection

_RUNNING_MUCH = (TrustSection.id, ShortcutsSection.id)  # through the model, in graphs that nothing else needs


@dataclass(frozen=True, eq=False)
class Report:
    """All that a page is written from."""

    about: About
    evidence: Mapping[str, Any]  # {id of a section: its record of numbers}
    sections: Sequence[ReportSection[Any]]  # all that were asked for, those left out included
    seen: Seen | None = None  # what it was gathered from, to gather less of it

    def only(self, ids: Sequence[str]) -> Report:
        """Without the sections that were computed for something beside the page."""
        evidence = {name: record for name, record in self.evidence.items() if name in ids}
        return replace(self, evidence=evidence, sections=tuple(each for each in self.sections if each.id in ids))


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
