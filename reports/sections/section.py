"""What a section of the page is: its numbers, the sentences that they say, and its HTML, each made from the one before.

A page is made from a list of sections (`report_choice.PAGE_SECTIONS`). Each one computes its evidence from what was seen of the
model, states findings from it, and draws it. Whoever adds a section writes one module with a class of these members, and
one line in that list; where it has numbers that nobody computes yet, one module of `evidence/` too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeVar

from markupsafe import Markup

from ...interpret import ModelInformation
from ...interpret.stream.statistic import Statistic
from ...interpret.trust.verdicts import Verdict
from ...models.datasets.dataset import Dataset
from ...models.datasets.fingerprints import images_fingerprint
from ...models.evaluation.metrics import Evaluation
from ...models.model_files.cards import ModelCard
from ...models.model_files.weights import weights_fingerprint
from ..evidence.seen import Seen
from ..html.tiles import Sprite

E = TypeVar("E")
_FIRST = 256  # images that stand for all in the fingerprint: the others need not be read again
VIEWS = {  # {id of a tab: its title}, in order
    "findings": "Findings",
    "confusions": "Confusions",
    "classes": "Classes",
    "images": "Images",
    "layers": "Layers",
    "trust": "Trust",
    "shortcuts": "Shortcuts",
    "data": "Data",
    "method": "Method",
}
Severity = Literal["problem", "caution", "fact"]  # a fault; what a reader should know before relying on it; neither


@dataclass(frozen=True)
class Finding:
    """What the numbers of a section say, in one sentence that leads to them."""

    sentence: str
    severity: Severity
    number: float  # the figure that the sentence states; NaN where it states none
    anchor: str  # id of the evidence on the page
    link: str  # words of the link to it
    weight: float  # findings come in the order of their weights, the largest first; the accuracy's is 1


@dataclass(frozen=True, eq=False)
class Part:
    """A section as HTML."""

    html: Markup
    sprites: Sequence[Sprite] = ()  # of the tiles in it
    parts: Sequence[tuple[str, str]] = ()  # (id, title) of what the table of contents lists below it
    lead: str = ""  # in place of the section's own, where it states a figure
    payload: Mapping[str, Any] = field(default_factory=dict)  # for the page's program; lists of one key are joined
    pictures: Sequence[int] = ()  # numbers of the images that the payload speaks of, whose pictures the page shall hold


@dataclass(frozen=True, eq=False)
class About:
    """What every section may read of the report as a whole."""

    information: ModelInformation
    dataset: Dataset  # for the names of the classes, and for the pictures
    card: ModelCard | None  # None where the model has none
    verdicts: Mapping[str, Verdict]  # {method: how far it can be trusted}; empty where it was not measured
    seed: int  # of all that was sampled, but for a trust that was measured beforehand
    command: str | None  # that made the report, None where Python did
    evaluation: Evaluation | None = None  # of the model's answers to all images
    weights: str = ""  # SHA-256 of the model's weights
    pixels: str = ""  # SHA-256 of the first 256 images
    drawn: float = 1.0  # 0..1, share of the images that would be drawn which are, see `ReportPlan`

    @property
    def class_names(self) -> tuple[str, ...]:
        """The names of the classes, by label."""
        return self.dataset.class_names

    @classmethod
    def of(cls, seen: Seen) -> About:
        """What a report sees, without the numbers that belong to one section."""
        return cls(
            seen.information,
            seen.dataset,
            seen.card,
            seen.verdicts,
            seen.plan.seed,
            seen.command,
            evaluation=seen.evaluation,
            weights=weights_fingerprint(seen.model),
            pixels=images_fingerprint(seen.dataset.images, _FIRST),
            drawn=seen.plan.drawn,
        )


class ReportSection(Protocol[E]):
    """A section of the page."""

    @property
    def id(self) -> str:
        """The section's id on the page and its key in the twin: a-z, 0-9 and hyphens."""
        ...

    @property
    def title(self) -> str:
        """Its heading, and its entry in the table of contents."""
        ...

    @property
    def lead(self) -> str:
        """The question that it answers; empty for none."""
        ...

    @property
    def view(self) -> str:
        """The tab that it stands in, one of `VIEWS`."""
        ...

    def needs(self, seen: Seen) -> Sequence[Statistic[Any]]:
        """The statistics of all images that its evidence is computed from; equal keys are computed once."""
        ...

    def evidence(self, seen: Seen, earlier: Mapping[str, Any]) -> E | None:
        """A frozen record of numbers, which is the section's part of the twin; None leaves the section out.

        Args:
            seen: What was seen of the model and its images; what it holds is computed once for all sections.
            earlier: {id: evidence} of the sections above this one that are not left out.
        """
        ...

    def findings(self, found: E, about: About) -> Iterable[Finding]:
        """What its numbers say; none where they say nothing."""
        ...

    def html(self, found: E, about: About) -> Part:
        """Its markup and its sprites."""
        ...
