"""What the layers keep of the picture and of the class, measured per layer over the whole set."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from ...interpret import ModelInformation
from ...interpret.layers.survey import LayerSurvey, SurveyStatistic
from ..drawing.wording import count, listed, percent
from ..evidence.layers import LayersEvidence, gather_layers, own_channels
from ..evidence.seen import Seen
from ..evidence.shown_layers import MOST_STAGES
from ..html.components import EMPTY, figure, joined, table
from ..plots.layers import layer_measures
from .section import About, Finding, Part

_FEWEST = 20  # images held out, below which a probe's accuracy says nothing

_READING = (
    "Follow each line from the picture on the left to the logits on the right. Image correlation: how alike the maps still "
    "are to the grey picture (mean over images and channels of the size of Pearson’s r, at the map’s own grid). Linear "
    "probe: accuracy on held-out images of a linear classifier that sees this layer only. Active: mean share of units "
    "above 0. A line stops where its measure means nothing: a dense layer has no map to compare with the picture."
)


class LayersSection:
    """The section; see `ReportSection`."""

    view = "layers"
    id, title = "layers", "What the layers keep"
    lead = (
        "First layers are said to stay close to the picture, last ones to keep only what decides the class. "
        "Here this is measured."
    )

    def needs(self, seen: Seen) -> tuple[SurveyStatistic]:
        """The survey of the layers, which has the model's answers too."""
        return (seen.surveying(),)

    def evidence(self, seen: Seen, earlier: Mapping[str, Any]) -> LayersEvidence:
        """Image correlation, linear probe and active share of every layer shown."""
        return gather_layers(seen)

    def findings(self, found: LayersEvidence, about: About) -> Iterator[Finding]:
        """How far the maps move from the picture, where the class can be read off, and which channels are silent."""
        yield from _likeness(found.layers)
        yield from _probe(found.layers)
        yield from _silent_channels(found.layers, about.information)

    def html(self, found: LayersEvidence, about: About) -> Part:
        """The three measures as lines and as a table."""
        layers = found.layers
        measures = {
            "image correlation": [layer.image_correlation for layer in layers],
            "linear probe": [layer.probe.accuracy for layer in layers],
            "active": [layer.active_share for layer in layers],
        }
        drawn = layer_measures([layer.name for layer in layers], measures, title=self.title)
        place = Markup('<div id="layer-detail"></div><p class="foot">{}</p>').format(_rule(found, about))
        return Part(
            joined([place, figure(drawn.svg(), _caption(found), reading=_READING), _table(layers), _silent(layers)])
        )


def _rule(found: LayersEvidence, about: About) -> str:
    """Which of the layers are shown, and why these."""
    shown, layers = len(found.layers) - 2, len(about.information.layers)  # beside the image and the logits
    more = f", {MOST_STAGES} of them at equal steps" if shown == MOST_STAGES else ""
    return (
        f"{shown} of the {count(layers, 'layer')} {'is' if shown == 1 else 'are'} shown: the last of each run of one output "
        f"shape, without padding, dropout, flattening and the answer{more}."
    )


def _caption(found: LayersEvidence) -> str:
    probe = found.layers[0].probe
    if found.images < 2:
        return "Over one image, which no probe can be fitted on."
    return (
        f"Over all {found.images:,} images; the probe is fitted on {probe.fitted:,} of them and tested on {probe.tested:,} "
        f"{'other' if probe.tested == 1 else 'others'}."
    )


def _table(layers: tuple[LayerSurvey, ...]) -> Markup:
    rows = [
        (
            layer.name,
            f"{layer.channels:,}",
            percent(layer.active_share),
            f"{len(layer.silent_channels):,}" if np.isfinite(layer.active_share) else "–",
            f"{layer.image_correlation:.2f}" if np.isfinite(layer.image_correlation) else "–",
            percent(layer.probe.accuracy),
            f"{layer.probe.features:,}",
        )
        for layer in layers
    ]
    return table(
        ["Layer", "Channels", "Active", "Never fire", "Image correlation", "Linear probe", "Numbers it reads"],
        rows,
        caption="The same as numbers; wide maps are averaged to a coarser grid before the probe reads them",
        numeric=[1, 2, 3, 4, 5, 6],
    )


def _silent(layers: tuple[LayerSurvey, ...]) -> Markup:
    silent = [
        Markup("<li><strong>{}</strong>: {} never above 0 on any image: {}</li>").format(
            layer.name,
            count(len(layer.silent_channels), "channel"),
            ", ".join(str(channel) for channel in layer.silent_channels),
        )
        for layer in layers
        if len(layer.silent_channels)
    ]
    if not silent:
        return EMPTY
    return Markup('<h3 id="silent-channels">Channels that never fire</h3><ul>{}</ul>').format(joined(silent))


def _likeness(layers: Sequence[LayerSurvey]) -> Iterator[Finding]:
    picture, *others = layers
    known = [layer for layer in others if np.isfinite(layer.image_correlation)]
    if len(known) < 2:
        return
    most = max(known, key=lambda layer: layer.image_correlation)
    least = min(known, key=lambda layer: layer.image_correlation)
    yield Finding(
        f"Of all maps those of {most.name} are the most like the picture and those of {least.name} the least: their mean "
        f"correlation with it is {most.image_correlation:.2f} and {least.image_correlation:.2f}, where the picture itself "
        f"has {picture.image_correlation:.2f}{_of_colors(picture)}.",
        severity="fact",
        number=least.image_correlation,
        anchor="layers",
        link="what the layers keep",
        weight=0.75,
    )


def _of_colors(picture: LayerSurvey) -> str:
    """Why a picture is not wholly like itself: each of its colours is compared with the grey picture."""
    return "" if picture.channels == 1 else ", as each of its colours is compared with the grey picture"


def _probe(layers: Sequence[LayerSurvey]) -> Iterator[Finding]:
    known = [layer for layer in layers if np.isfinite(layer.probe.accuracy)]
    if len(known) < 3 or layers[0].probe.tested < _FEWEST:
        return
    best = max(known[1:], key=lambda layer: layer.probe.accuracy)
    yield Finding(
        f"A linear probe reads the class off the pixels with {percent(known[0].probe.accuracy)} accuracy and off "
        f"{best.name}, the best of the layers, with {percent(best.probe.accuracy)}.",
        severity="fact",
        number=best.probe.accuracy,
        anchor="layers",
        link="linear probe",
        weight=0.7,
    )


def _silent_channels(layers: Sequence[LayerSurvey], information: ModelInformation) -> Iterator[Finding]:
    spatial = {layer.name: layer.spatial for layer in information.layers}
    counted = own_channels(layers, information)
    if not counted:
        return
    silent = [layer for layer in counted if len(layer.silent_channels)]
    shares = [
        f"{len(layer.silent_channels)} of {count(layer.channels, 'channel' if spatial[layer.name] else 'unit')} in {layer.name}"
        for layer in silent
    ]
    yield Finding(
        f"Never above 0 on any image: {listed(shares)}."
        if silent
        else f"Every channel of {listed([layer.name for layer in counted])} is above 0 on at least one image.",
        severity="caution" if silent else "fact",
        number=sum(len(layer.silent_channels) for layer in silent),
        anchor="silent-channels" if silent else "layers",
        link="channels",
        weight=0.65,
    )
