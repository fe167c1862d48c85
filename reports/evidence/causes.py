"""What lies behind the largest confusions: each channel of the last stage of maps taken away in turn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...interpret import ChannelAblation, ChannelCensus, LayerInformation, ModelInformation
from ...interpret.dissection.ablation import ablate_confusions
from ...interpret.dissection.census import CensusStatistic
from ...interpret.stream.image_choice import sample_numbers
from ...models.evaluation.metrics import Evaluation
from .performance import ConfusionCount
from .seen import Seen
from .shown_layers import end_of_stage
from .twin import DrawnOnly

MOST_CONFUSIONS = 6
_FEWEST_IMAGES = 3  # of a confusion, for its counts to be worth a look
_LEAST_SURE = 500  # right answers of the smallest lead, which are the first to break
_MOST_VALUES = 2_000_000_000  # activations that the runs without a channel go through, in all
_MOST_NUMBERS = 64_000_000  # pixels times channels of these images, which are held at once: 256 MB, 425 of 224x224x3
_FEWEST_RUN = 60  # images that are run in any case
PATCHES = 6


@dataclass(frozen=True, eq=False)
class Causes:
    """The channels of one layer, and what becomes of the largest confusions without each."""

    census: ChannelCensus  # over all images
    ablations: tuple[ChannelAblation, ...]  # one for each confusion, the most frequent first; to zero
    counts: tuple[int, ...]  # images of each confusion in the data; `confused` of the ablation is how many were run
    tried: int  # right answers that were run, those of the smallest lead
    right: int  # right answers in all
    lead: float  # the largest lead over the next class among those tried, logits; NaN where none was


def census_of(information: ModelInformation) -> CensusStatistic:
    """The census of the channels that are taken away, as a statistic of the stream."""
    if information.cam_layer is None:
        raise ValueError(
            f"Expected a layer with a map of places. Model {information.name!r} has none. Leave out causes."
        )
    return CensusStatistic(end_of_stage(information, information.cam_layer), patches=PATCHES)


def gather_causes(seen: Seen, confusions: Sequence[ConfusionCount]) -> Causes:
    """Count what the channels do over all images, and take each away on those that matter for the confusions.

    The seed of the plan draws the images of a confusion that has too many.
    """
    dataset, evaluation, information = seen.dataset, seen.evaluation, seen.information
    census = seen.result(census_of(information))
    shown = [confusion for confusion in confusions if confusion.count >= _FEWEST_IMAGES][:MOST_CONFUSIONS]
    most = _most_images(information.layer(census.layer), dataset.images.shape[1:])
    wrong = _confused(dataset.labels, evaluation, shown, most, seen.plan.seed)
    least_sure, lead = _least_sure(dataset.labels, evaluation, seen.survey.logits, min(_LEAST_SURE, most - len(wrong)))
    rows = np.sort(np.concatenate([wrong, least_sure]))
    pairs = [(confusion.true, confusion.predicted) for confusion in shown]
    ablations: tuple[ChannelAblation, ...] = ()
    if shown:
        telling = seen.progress("taking channels away")
        images, labels = dataset.images[rows], dataset.labels[rows]
        ablations = ablate_confusions(seen.model, images, labels, census.layer, pairs, progress=telling)
    right = int((evaluation.predictions == dataset.labels).sum())
    return Causes(census, ablations, tuple(confusion.count for confusion in shown), len(least_sure), right, lead)


def _confused(
    labels: np.ndarray, evaluation: Evaluation, confusions: Sequence[ConfusionCount], most: int, seed: int
) -> np.ndarray:
    """Numbers of the images of the confusions; of each as many as leave room for the least sure right ones."""
    room = max(1, (most - min(_LEAST_SURE, most // 2)) // max(len(confusions), 1))
    groups = [np.zeros(0, np.int64)]
    for confusion in confusions:
        members = np.flatnonzero((labels == confusion.true) & (evaluation.predictions == confusion.predicted))
        groups.append(members[sample_numbers(len(members), room, seed)])
    return np.concatenate(groups)


def _least_sure(labels: np.ndarray, evaluation: Evaluation, logits: np.ndarray, most: int) -> tuple[np.ndarray, float]:
    """Numbers of the right answers of the smallest lead over the next class, and the largest lead among them."""
    ordered = np.sort(logits, axis=1)
    lead = ordered[:, -1] - ordered[:, -2]
    right = np.flatnonzero(evaluation.predictions == labels)
    found = right[np.argsort(lead[right], kind="stable")[:most]]
    return found, float(lead[found].max()) if len(found) else float("nan")


def _most_images(layer: LayerInformation, image: tuple[int, ...]) -> int:
    """How many images may be run without each channel, so that large layers do not take minutes, nor large images all memory."""
    channels = layer.output_shape[-1] or 1
    values = int(np.prod([size or 64 for size in layer.output_shape]))
    held = _MOST_NUMBERS // max(1, int(np.prod(image)))
    return max(_FEWEST_RUN, min(held, _MOST_VALUES // (values * channels)))


@dataclass(frozen=True, eq=False)
class ConfusionCauses:
    """What is repaired and broken without each channel, the one whose removal repairs most first."""

    true: int  # the class
    predicted: int  # the class that it was taken for
    images_run: int  # of the confusion
    channels: np.ndarray  # int64[C]
    repaired: np.ndarray  # int64[C], images of the confusion answered correctly without it
    broken: np.ndarray  # int64[C], right answers that are wrong without it
    gap_change: np.ndarray  # float64[C], of logit[predicted] - logit[true], mean over the confusion's images


@dataclass(frozen=True, eq=False)
class CausesEvidence:
    """The figures of the causes, and what the page draws beside them."""

    layer: str
    set_to: str  # what a channel that is taken away is set to
    right_answers_tried: int
    confusions: tuple[ConfusionCauses, ...]
    causes: DrawnOnly[Causes]


def causes_evidence(causes: Causes) -> CausesEvidence:
    """The figures of the causes."""
    asked = [(each, each.confusion) for each in causes.ablations if each.confusion is not None]
    return CausesEvidence(
        layer=causes.census.layer,
        set_to="zero",
        right_answers_tried=causes.tried,
        confusions=tuple(_figures(ablation, *confusion) for ablation, confusion in asked),
        causes=causes,
    )


def _figures(ablation: ChannelAblation, true: int, predicted: int) -> ConfusionCauses:
    effects = ablation.effects
    return ConfusionCauses(
        true=true,
        predicted=predicted,
        images_run=ablation.confused,
        channels=effects.channels,
        repaired=effects.repaired,
        broken=effects.broken.sum(axis=1),
        gap_change=effects.gap_change.round(4),
    )
