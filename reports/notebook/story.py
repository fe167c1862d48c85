"""One image's whole story in a cell: the card of the page, with the page's own names and style.

The picture and the first method's map, large; what the model answers, and how surely; which places speak for it; the smallest
change that flips the answer, and the channels that lead; then the other methods' maps, each with the limits of its colours.
"""

from __future__ import annotations

from dataclasses import dataclass

import jinja2
import numpy as np
from markupsafe import Markup

from ...interpret.maps.regions import NOWHERE, evidence_regions, region_words
from ..drawing.pictures import pictures
from ..drawing.wording import percent
from ..figures.one_image import ImageStory
from ..html.card_style import card_style
from ..html.components import name_html
from ..html.page import TEMPLATES
from ..plots.explanation import ExplainedImage, MapPanel, drawn_map
from .pieces import data_uri

_BARS = 4  # classes, as on the page


@dataclass(frozen=True, eq=False)
class _Pictured:
    """A picture of the card."""

    source: str  # a `data:` address
    words: str  # for those who cannot see it
    caption: Markup | str


@dataclass(frozen=True, eq=False)
class _Bar:
    """The probability of a class."""

    label: int
    share: float
    words: str
    kind: str  # 'p' for the predicted class, 't' for the true one


def story_html(found: ImageStory, side: int) -> Markup:
    """The card.

    Args:
        found: The image explained.
        side: Pixels of a picture at most.
    """
    shown, said = found.shown, _said(found.shown)
    picture = pictures(shown.image[np.newaxis], shown.value_range, side)
    own = _Pictured(data_uri(picture[0]), "the picture", "the picture")
    maps = [
        _Pictured(data_uri(drawn_map(each, picture)), _alternative(shown, each), _caption(each))
        for each in shown.panels
    ]
    template = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    ).get_template("card.html.j2")
    return Markup(
        template.render(
            style=card_style(),
            target=shown.target,
            unit=shown.unit,
            name=lambda label: name_html(shown.class_names[label]),
            meant=None if said is None else shown.true,
            said=said,
            big=[own, *maps[:1]],
            maps=maps[1:],
            bars=_bars(shown, said),
            says=[*shown.answers, *filter(None, (_where(shown), shown.faded)), *found.reasons],
            remarks=found.remarks,
        )
    )


def _said(shown: ExplainedImage) -> int | None:
    """The class that the model answers; None where it answers numbers."""
    return int(np.argmax(shown.probabilities)) if np.isfinite(shown.probabilities).all() else None


def _bars(shown: ExplainedImage, said: int | None) -> list[_Bar]:
    """The likeliest classes, and the one that is true."""
    if said is None:
        return []
    ranked = [int(label) for label in np.argsort(-shown.probabilities, kind="stable")[:_BARS]]
    labels = ranked if shown.true is None or shown.true in ranked else [*ranked[:-1], shown.true]
    kinds = {shown.true: "t", said: "p"}
    shares = {label: float(shown.probabilities[label]) for label in labels}
    return [_Bar(label, share, percent(share), kinds.get(label, "")) for label, share in shares.items()]


def _where(shown: ExplainedImage) -> str:
    """Which of nine places speak for the class, by the first method; '' where its map has no zero or no places."""
    first = shown.panels[0]
    if first.scale == "saliency" or first.values.ndim != 2 or first.limits[0] > 0:
        return ""
    found = evidence_regions(first.values[np.newaxis])
    if not np.isfinite(found.shares).all():
        return f"By {first.title}, no place speaks for {shown.target}."
    if found.first[0] == NOWHERE:
        return f"By {first.title}, no one place of nine stands out in what speaks for {shown.target}."
    held, where = percent(float(found.held[0]), 0), region_words(int(found.first[0]), int(found.second[0]))
    return f"By {first.title}, {held} of what speaks for {shown.target} lies at the {where}."


def _caption(panel: MapPanel) -> Markup:
    """The method, its colours from one limit to the other, and what is to know."""
    bar = Markup('<span class="scale"><i class="scale-bar scale-{}"></i></span>').format(panel.scale)
    return Markup("{} {}\n{}").format(panel.title, bar, panel.note)


def _alternative(shown: ExplainedImage, panel: MapPanel) -> str:
    return f"{panel.title} of the {shown.unit} of {shown.target}: {panel.note}".replace("\n", "; ")
