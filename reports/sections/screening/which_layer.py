"""At which layer the maps are the most faithful, and a word where that is not the one they are drawn at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from ....interpret.layers.survey import SurveyStatistic
from ...drawing.wording import count
from ...evidence.screening.which_layer import WhichLayer, gather_which_layer
from ...evidence.seen import Seen
from ...html.components import joined, table
from ..section import About, Finding, Part


class WhichLayerSection:
    """The section; see `ReportSection`."""

    view = "trust"
    id, title, lead = "which-layer", "Which layer", "At which layer do the maps name the pixels that count?"

    def needs(self, seen: Seen) -> tuple[SurveyStatistic]:
        """The survey of the layers."""
        return (seen.surveying(),)

    def evidence(self, seen: Seen, earlier: Mapping[str, Any]) -> WhichLayer | None:
        """The sweep; None where trust was not measured, no method passed, or there is one layer."""
        return gather_which_layer(seen) if "trust" in earlier else None

    def findings(self, found: WhichLayer, about: About) -> Iterator[Finding]:
        """That another layer is better; nothing where none is."""
        better = found.sweep.better
        if better is None:
            return
        each = found.sweep.advantage[found.sweep.layers.index(better)]
        yield Finding(
            f"{found.method} is more faithful at {better} than at {found.sweep.layers[-1]}, where maps are drawn: its gain is "
            f"larger by {each.mean:.3f} ({each.low:.3f} to {each.high:.3f}) on {count(found.sweep.images, 'image')}.",
            severity="caution",
            number=each.mean,
            anchor=self.id,
            link="each layer",
            weight=0.45,
        )

    def html(self, found: WhichLayer, about: About) -> Part:
        """The layers in a table."""
        sweep = found.sweep
        rows = [
            (
                name,
                f"{gain:.3f}",
                ""
                if name == sweep.layers[-1]
                else f"{each.mean:+.3f} ({each.low:.3f} to {each.high:.3f})".replace("-", "−"),
            )
            for name, gain, each in zip(sweep.layers, sweep.gain, sweep.advantage, strict=True)
        ]
        text = Markup(
            "<p>{} on {}, at each layer: how much further the probability rises while its first pixels come than while they "
            "go. A layer is called better where the whole interval lies above 0.</p>"
        ).format(found.method, count(sweep.images, "image"))
        heads = ["Layer", "Gain", f"More than at {sweep.layers[-1]}"]
        return Part(joined([text, table(heads, rows, caption="Faithfulness at each layer", numeric=[1, 2])]))
