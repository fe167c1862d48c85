"""What the layers keep of the picture and of the class, measured per layer over the whole set."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from markupsafe import Markup

from ...interpret.layers.survey import LayerSurvey
from ..drawing.wording import count, listed, percent
from ..evidence.gather import Evidence
from ..html.components import NONE, figure, joined, table
from ..html.page import Section
from ..plots.layers import layer_measures
from .section import Finding

_READING = (
    "Follow each line from the picture on the left to the logits on the right. Image correlation: how alike the maps still "
    "are to the grey picture (mean over images and channels of the size of Pearson’s r, at the map’s own grid). Linear "
    "probe: accuracy on held-out images of a linear classifier that sees this layer only. Active: mean share of units "
    "above 0. A line stops where its measure means nothing: a dense layer has no map to compare with the picture."
)

_FEWEST = 20  # images held out, below which a probe's accuracy says nothing


def layers_section(evidence: Evidence) -> Section:
    """The section."""
    layers = evidence.survey.layers
    measures = {
        "image correlation": [layer.image_correlation for layer in layers],
        "linear probe": [layer.probe.accuracy for layer in layers],
        "active": [layer.active_share for layer in layers],
    }
    drawn = layer_measures([layer.name for layer in layers], measures, title="What the layers keep")
    return Section(
        id="layers",
        title="What the layers keep",
        lead=(
            "First layers are said to stay close to the picture, last ones to keep only what decides the class. "
            "Here this is measured."
        ),
        html=joined([figure(drawn.svg(), _caption(evidence), reading=_READING), _table(layers), _silent(layers)]),
    )


def _caption(evidence: Evidence) -> str:
    probe = evidence.survey.layers[0].probe
    return (
        f"Over all {len(evidence.dataset):,} images; the probe is fitted on {probe.fitted:,} of them and tested on "
        f"{probe.tested:,} others."
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
        return NONE
    return Markup('<h3 id="silent-channels">Channels that never fire</h3><ul>{}</ul>').format(joined(silent))


def _fading_image(evidence: Evidence) -> Iterator[Finding]:
    known = [layer for layer in evidence.survey.layers[1:] if np.isfinite(layer.image_correlation)]
    if len(known) < 2:
        return
    first, last = known[0], known[-1]
    change = last.image_correlation - first.image_correlation
    verdict = "hardly move" if abs(change) < 0.05 else "move away" if change < 0 else "do not move away"
    yield (
        f"From {first.name} to {last.name} the maps {verdict} from the picture: their mean correlation with it goes "
        f"from {first.image_correlation:.2f} to {last.image_correlation:.2f}.",
        "layers",
        "what the layers keep",
    )


def _probe(evidence: Evidence) -> Iterator[Finding]:
    probes = [(layer.name, layer.probe.accuracy) for layer in evidence.survey.layers]
    known = [(name, accuracy) for name, accuracy in probes if np.isfinite(accuracy)]
    if len(known) < 3 or evidence.survey.layers[0].probe.tested < _FEWEST:
        return
    best = max(known[1:], key=lambda entry: entry[1])
    yield (
        f"A linear probe reads the class off the pixels with {percent(known[0][1])} accuracy and off {best[0]}, "
        f"the best of the layers, with {percent(best[1])}.",
        "layers",
        "linear probe",
    )


def _silent_channels(evidence: Evidence) -> Iterator[Finding]:
    silent = [layer for layer in evidence.survey.layers if len(layer.silent_channels)]
    surveyed = [layer for layer in evidence.survey.layers if np.isfinite(layer.active_share)]
    if not silent:
        names = listed([layer.name for layer in surveyed])
        yield f"Every channel of {names} fires on at least one image.", "layers", "channels"
        return
    shares = [f"{len(layer.silent_channels)} of {layer.channels} in {layer.name}" for layer in silent]
    yield f"Some channels never fire on any image: {listed(shares)}.", "silent-channels", "channels"
