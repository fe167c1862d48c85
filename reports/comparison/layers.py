"""How alike the models' layers are, pair by pair."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from ..drawing.wording import listed
from ..html.components import figure, folded, joined
from ..html.page import Section
from ..plots.comparison import similarity_map
from .evidence import FEWEST_COMPARED, ComparisonEvidence, Measured

_READING = (
    "Each cell is one layer of either model. 1 (full colour): both hold the same images near each other and the same apart, "
    "up to a rotation and a scale; 0: they have nothing in common. A bright diagonal says that the models build up what "
    "they know in the same order; a bright block, that several layers in a row hold much the same."
)


def layers_section(found: ComparisonEvidence) -> Section:
    """The section: a heat map for each pair, and each model with itself."""
    seen = [place for place, model in enumerate(found.models) if model.similarity]
    hidden = [model.name for model in found.models if not model.similarity]
    missing = [Markup("<p>{}</p>").format(_why_not(found, hidden))] if hidden else []
    if not seen:
        return Section("alike", "How alike the layers are", joined(missing))
    introduction = Markup(
        "<p>Linear CKA (Kornblith et al. 2019), by {} images sampled from these (seed {}), between the layers at the end of "
        "each stage. It is estimated without bias (Song et al. 2012), so wide layers do not look alike for their width "
        "alone; where two have nothing in common it may fall slightly below 0.</p>"
    ).format(found.sampled, found.seed)
    pairs = [
        folded(
            f"{found.models[pair.first].name} – {found.models[pair.second].name}",
            _map(found.models[pair.first], found.models[pair.second]),
            count=_strongest(found.models[pair.first], found.models[pair.second]),
            opened=place == 0,
        )
        for place, pair in enumerate(pair for pair in found.pairs if {pair.first, pair.second} <= set(seen))
    ]
    known = [found.models[place] for place in seen]
    alone = [folded(f"{model.name} with itself", _map(model, model)) for model in known]
    return Section(
        id="alike",
        title="How alike the layers are",
        lead="Do models of different architectures come to see the same?",
        html=joined([introduction, *missing, *pairs, *alone]),
    )


def _why_not(found: ComparisonEvidence, hidden: list[str]) -> str:
    if found.sampled <= FEWEST_COMPARED:
        return (
            f"There are too few images to compare layers by: {found.sampled}, where {FEWEST_COMPARED + 1} are needed."
        )
    return f"The layers cannot be compared, because none can be seen of {listed(hidden)}."


def similarities(one: Measured, other: Measured) -> np.ndarray:
    """Linear CKA of each stage of one model with each of the other, float64[R,C]."""
    first = np.stack(list(one.similarity.values()))
    second = np.stack(list(other.similarity.values()))
    return first.reshape(len(first), -1) @ second.reshape(len(second), -1).T


def _map(one: Measured, other: Measured) -> Markup:
    drawn = similarity_map(
        similarities(one, other),
        list(one.similarity),
        list(other.similarity),
        row_title=one.name,
        column_title=other.name,
    )
    return figure(drawn.svg(), f"{one.name} down, {other.name} across, first layers first.", reading=_READING)


def _strongest(one: Measured, other: Measured) -> str:
    """The layers before the classes, in a few words."""
    last = float(similarities(one, other)[-1, -1])
    return f"{last:.2f} between their last ones" if np.isfinite(last) else "last ones not known"
