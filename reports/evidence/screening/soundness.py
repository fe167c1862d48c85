"""Whether the model answers at all, where its signal collapses, and whether training and use agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ....interpret.layers.normalization import ModeGap, NormalizationDrift, mode_gap, normalization_drift
from ....interpret.layers.survey import LayerSurvey
from ....interpret.stream.image_choice import sample_numbers
from ..seen import Seen

_LOST = 0.25  # of the probe's accuracy, from the best layer to the end
_IMAGES, _VALUES = 256, 9_700_000  # looked at, and pixels times channels of all of them: 64 of 224 x 224 x 3
_TOGETHER = 16  # images whose own statistics are taken together, at least: of fewer they say little
_OFF = 1.0  # deviations, or a factor of e between them
_LARGE, _WELL = 50_000, 0.8  # pixels times channels of an image; accuracy
GAP = 0.15  # by which training must be better than use


@dataclass(frozen=True, eq=False)
class Collapse:
    """Where the class can no longer be read off."""

    before: str  # the layer that it can be read off
    layer: str  # the one behind it, that it cannot
    accuracy_before: float  # 0..1, of the linear probe
    accuracy: float


@dataclass(frozen=True, eq=False)
class SoundnessEvidence:
    """What makes a model answer badly whatever it has learnt."""

    always: int | None  # the class that is answered to every image; None where there are several
    images: int
    right_by_that: float  # 0..1, share of the images that are of this class; NaN without
    collapse: Collapse | None
    drifted: tuple[NormalizationDrift, ...]  # the batch normalisations whose moving statistics are far off
    modes: ModeGap | None  # None without batch normalisation


def gather_soundness(seen: Seen) -> SoundnessEvidence:
    """Look for what is broken."""
    evaluation, dataset = seen.evaluation, seen.dataset
    said = np.unique(evaluation.predictions)
    always = int(said[0]) if len(said) == 1 and len(dataset.class_names) > 1 and len(dataset) > 1 else None
    right = float((dataset.labels == always).mean()) if always is not None else float("nan")
    drifted, modes = _normalizations(seen)
    return SoundnessEvidence(always, len(dataset), right, collapse_of(seen.survey.layers), drifted, modes)


def _normalizations(seen: Seen) -> tuple[tuple[NormalizationDrift, ...], ModeGap | None]:
    """Looked at on a sample; of large pictures only where the model is wrong often, as two more traces take seconds."""
    values = int(np.prod(seen.dataset.images.shape[1:]))
    large = values > _LARGE
    if large and seen.evaluation.accuracy >= _WELL:
        return (), None
    rows = sample_numbers(len(seen.dataset), min(_IMAGES, max(_TOGETHER, _VALUES // values)), seen.plan.seed)
    images, labels = seen.dataset.images[rows], seen.dataset.labels[rows]
    found = normalization_drift(seen.model, images, seen.batch_size)
    if not found:
        return (), None
    in_use = float((seen.evaluation.predictions[rows] == labels).mean())
    drifted = tuple(each for each in found if is_far_off(each))
    return drifted, mode_gap(seen.model, images, labels, in_use, max(_TOGETHER, seen.batch_size))


def is_far_off(drift: NormalizationDrift) -> bool:
    """Whether the moving statistics of a batch normalisation are not those of the images."""
    return drift.channels > 0 and bool(drift.mean_off > _OFF or abs(np.log(max(drift.deviation, 1e-12))) > _OFF)


def collapse_of(layers: Sequence[LayerSurvey]) -> Collapse | None:
    """The largest loss from one layer to the next, where the end is far worse than the best layer; None elsewhere."""
    known = [layer for layer in layers if np.isfinite(layer.probe.accuracy)]
    if len(known) < 2:
        return None
    accuracy = np.array([layer.probe.accuracy for layer in known])
    tested = min(layer.probe.tested for layer in known)
    noise = 3 * np.sqrt(0.5 / max(tested, 1))  # of the difference of two shares
    if accuracy.max() - accuracy[-1] < max(_LOST, noise):
        return None
    at = int(np.diff(accuracy).argmin())
    if accuracy[at] - accuracy[at + 1] < max(_LOST, noise) / 2 or accuracy[at + 1 :].max() > accuracy[at] - _LOST / 2:
        return None
    return Collapse(known[at].name, known[at + 1].name, float(accuracy[at]), float(accuracy[at + 1]))
