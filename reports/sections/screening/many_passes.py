"""Maps of the methods that take many passes: which were bought for which mistakes, and how steady they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from markupsafe import Markup

from ....interpret.layers.survey import SurveyStatistic
from ....interpret.methods.catalogue import KnownMethod, method_called
from ...drawing.method_maps import scale_for
from ...drawing.wording import count, percent
from ...evidence.mistakes import Mistakes
from ...evidence.screening.many_passes import PART, STEADY, ManyPasses, MethodMaps, gather_many_passes
from ...evidence.seen import Seen
from ...html.components import joined, table
from ...html.map_notes import short_unit
from ..mistake_pictures import map_kind
from ..section import About, Finding, Part


class ManyPassesSection:
    """The section; see `ReportSection`."""

    view = "trust"
    id, title, lead = (
        "many-passes",
        "Maps of many passes",
        "What do the methods that cost more show of the leading mistakes?",
    )

    def needs(self, seen: Seen) -> tuple[SurveyStatistic]:
        """The model's answers."""
        return (seen.surveying(),)

    def evidence(self, seen: Seen, earlier: Mapping[str, Any]) -> ManyPasses | None:
        """The maps; None where no method of many passes passed, or no mistake is explained."""
        mistakes: Mistakes | None = earlier.get("mistakes")
        return None if mistakes is None or "trust" not in earlier else gather_many_passes(seen, mistakes)

    def findings(self, found: ManyPasses, about: About) -> Iterator[Finding]:
        """Nothing of its own: these are maps of single images."""
        yield from ()

    def html(self, found: ManyPasses, about: About) -> Part:
        """What was bought, in a table; the maps for the cards."""
        return Part(
            joined([_bought(found), _table(found)]),
            payload={"maps": [kind for each in found.methods for kind in _kind(each, found, about)]},
            pictures=tuple(int(number) for number in found.numbers),
        )


def _bought(found: ManyPasses) -> Markup:
    return Markup(
        "<p>Methods that take many passes for one image, and passed their tests, are drawn on the cards of the leading "
        "mistakes: the surest of each confusion before the second of any. The budget is {} forward and backward, {} of what "
        "testing the maps of pictures of this size may cost. Fewer samples and masks are drawn than in the tests: so each map "
        "is the mean of two, and is left out where the two rank the pixels too differently (rank correlation below {}). RISE "
        "takes each score less its mean over the masks, which leaves its noise out and what is expected of it as it is.</p>"
    ).format(count(found.budget, "pass", "passes"), percent(1 / PART, 0), STEADY)


def _table(found: ManyPasses) -> Markup:
    heads = ["Method", "Passes for one image", "Drawn from", "Images bought", "Left out", "The two maps agree"]
    rows = [
        (
            each.name,
            f"{each.passes:g}",
            f"{each.drawn_from} {each.what}" if each.what else "the whole image",
            f"{each.bought:,}" if each.bought else "none: one image costs more than its part",
            f"{each.bought - len(each.drawn)}" if each.what else "–",
            _agreement(each),
        )
        for each in found.methods
    ]
    return table(heads, rows, caption="What the budget bought", numeric=[1, 3, 4, 5])


def _agreement(each: MethodMaps) -> str:
    """The mean rank correlation of the two maps, and the smallest."""
    known = each.agreement[np.isfinite(each.agreement)]
    return f"{known.mean():.2f} (at least {known.min():.2f})" if len(known) else "–"


def _kind(each: MethodMaps, found: ManyPasses, about: About) -> list[dict[str, Any]]:
    """The method's maps as sheets for the page's program, with the mistakes that they are of."""
    known, places = method_called(each.name), each.drawn
    if known is None or not len(places):
        return []
    values, scale = _shown(each.values[places], known)
    unit = short_unit(known.unit).replace("logit", about.information.unit)
    kind = map_kind(known.name, (values,), scale, unit, about.verdicts, plain=not known.is_at_layer)
    drawn_from = [f"{each.drawn_from} {each.what}"] if each.what else []
    note = ", ".join([*drawn_from, *([] if known.has_zero else ["compare places only"])])
    return [{**kind, "rows": found.rows[places].tolist(), "note": note}]


def _shown(values: np.ndarray, known: KnownMethod) -> tuple[np.ndarray, Any]:
    """The maps as they are drawn, and the colours; without a zero only places are compared, so each starts at its least."""
    if known.has_zero:
        return values, scale_for(known, values)
    return values - values.min(axis=(1, 2), keepdims=True), "evidence"
