"""What the layers keep of the picture and of the class, measured per layer over the whole set."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from ..interpret.layer_survey import LayerSurvey
from .components import NONE, figure, joined, table
from .evidence import Evidence
from .figures_layers import layer_measures
from .page import Section
from .wording import count, percent

_READING = (
    "Follow each line from the picture on the left to the logits on the right. Image correlation: how alike the maps still "
    "are to the grey picture (mean over images and channels of the size of Pearson’s r, at the map’s own grid). Linear "
    "probe: accuracy on held-out images of a linear classifier that sees this layer only. Active: mean share of units "
    "above 0. A line stops where its measure means nothing: a dense layer has no map to compare with the picture."
)


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
