"""What stands around the part of a report that is its task's own: layers, trust, data and the model, gathered and shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from ...interpret.layers.survey import Survey
from ...interpret.tracing.sharing import programs_shared
from ...interpret.tracing.variants import rows_limited
from ...models.datasets.exploration import Exploration
from ...models.datasets.pixel_range import warn_of_range
from ..evidence.model import ModelEvidence, gather_model
from ..evidence.seen import Seen
from ..evidence.trust import TrustEvidence
from ..html.page import Section
from ..sections.model import ModelSection
from ..sections.section import About, Finding
from ..sections.trust import TrustSection
from .page import told_of
from .sections import about_of, data_section, name_of, shared_findings, shared_section, trust_finding

Own = TypeVar("Own")


@dataclass(frozen=True, eq=False)
class Around:
    """All of a report but its task's own part; each record is a part of the JSON under its name."""

    about: About
    survey: Survey
    model: ModelEvidence
    pictures: Exploration
    trust: TrustEvidence | None

    def findings(self) -> list[Finding]:
        """Whether the maps can be trusted, and how exactly the scores were found."""
        tested = [] if self.trust is None else [trust_finding(self.trust)]
        return [*tested, *shared_findings(ModelSection(), self.model, self.about)]

    def sections(self, layers: Section, tested: str) -> list[Section]:
        """The layers, the data, the trust and the model.

        Args:
            layers: As the task tells of them.
            tested: Which maps were tested, a sentence.
        """
        trust = [] if self.trust is None else [shared_section(TrustSection(), self.trust, self.about, "trust", tested)]
        model = shared_section(ModelSection(), self.model, self.about, "method")
        return [layers, data_section(self.pictures, self.about), *trust, model]

    def figures(self, probed: str = "") -> dict[str, Any]:
        """For programs: about, layers and trust.

        Args:
            probed: What a linear probe's figure is called; '': it is left out.
        """
        layers = []
        for layer in self.survey.layers:
            own = {"name": name_of(layer), "channels": layer.channels, "active_share": layer.active_share}
            layers.append({**own, probed: layer.probe.accuracy} if probed else own)
        return {"about": told_of(self.about), "layers": layers, "trust": self.trust}


def looked_around(seen: Seen, gather: Callable[[Any], Own]) -> tuple[Own, Around]:
    """The task's own evidence, as `gather` takes it from what is seen, and all around it."""
    warn_of_range(seen.model, seen.dataset)
    with programs_shared(), rows_limited(seen.plan.batch_size):
        seen.stream([seen.surveying(), seen.describing()])
        own, trust = gather(seen), seen.trust
    return own, Around(about_of(seen), seen.survey, gather_model(seen), seen.exploration, trust)
