"""Every mistake with the maps that explain it: why the predicted class, why the true one, why the one not the other."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ...interpret import GradCAMState
from ...interpret.layers.survey import Survey
from ...interpret.maps.state import MapState, map_states
from ...interpret.progress import Progress
from ...models.datasets.dataset import Dataset
from ...models.datasets.resizing import resize_images
from ...models.evaluation.metrics import Evaluation
from .further_maps import FurtherMaps
from .performance import ConfusionCount
from .trust import CONTRAST, GRAD_CAM_PLUS, LAYER_CAM
from .twin import DrawnOnly

MOST_MISTAKES = 2000
AT_LAYER = {
    CONTRAST: "contributions",
    LAYER_CAM: "layer_cam",
    GRAD_CAM_PLUS: "grad_cam_plus_plus",
}  # as `GradCAMState` says
SURE = 0.9  # an answer above this probability counts as sure
_MOST_PIXELS = 16_000_000  # of all explained mistakes together, so that large pictures do not fill the memory
_MOST_DRAWN = 1_200_000  # pixels of one kind of picture in the file: 1,530 pictures of 28x28, 382 of 56x56
_LOOKED_AT = 600_000  # pixels times channels looked at together, of which all maps and layers are held: 4 photos
SIDE = 56  # pixels; larger pictures and maps are averaged down to it


@dataclass(frozen=True, eq=False)
class Confusion(ConfusionCount):
    """The images of one class that were taken for another."""

    places: DrawnOnly[np.ndarray]  # int64[...], those explained, as rows of `Mistakes`; surest first


@dataclass(frozen=True, eq=False)
class Mistakes:
    """The explained mistakes, by confusion, the most frequent first."""

    confusions: tuple[Confusion, ...]
    total: int  # mistakes in all
    numbers: np.ndarray  # int64[N], of the images in the data set
    true: np.ndarray  # int64[N]
    predicted: np.ndarray  # int64[N]
    logit_gap: np.ndarray  # float32[N], logit[predicted] - logit[true], above 0
    cam_layer: str  # where the class activation maps are taken
    typical_peak: float  # median over all images of the largest value of the predicted class's Grad-CAM, score units
    sure_answers: int  # answers, right or wrong, of a probability above `SURE`
    sure_mistakes: int  # mistakes among them
    probabilities: DrawnOnly[np.ndarray]  # float32[N,K]
    pictures: DrawnOnly[np.ndarray]  # float32[N,S,S,C], at most 56 pixels a side
    grad_cam: DrawnOnly[tuple[np.ndarray, np.ndarray]]  # float32[N,h,w] of the predicted, the true class, score units
    cam_states: DrawnOnly[tuple[tuple[MapState, ...], tuple[MapState, ...]]]  # before the cut
    saliency: DrawnOnly[tuple[np.ndarray, np.ndarray]]  # float32[N,S,S], score units per unit of pixel value
    contrast: DrawnOnly[np.ndarray]  # float32[N,h,w], signed: HiResCAM of logit[predicted] - logit[true]
    parts: DrawnOnly[np.ndarray] = field(default_factory=lambda: np.zeros((0, 1), np.float32))
    # float32[N,C], logits: what each channel of `cam_layer` adds to logit[predicted] - logit[true]
    further: DrawnOnly[tuple[FurtherMaps, ...]] = ()  # of the methods that were asked for
    layer_maps: DrawnOnly[dict[str, tuple[np.ndarray, np.ndarray]]] = field(default_factory=dict)
    # {method: float32[N,h,w] of the predicted, the true class, score units}, beside Grad-CAM


def gather_mistakes(
    look: GradCAMState,
    dataset: Dataset,
    survey: Survey,
    evaluation: Evaluation,
    progress: Progress,
    batch_size: int = 128,
    share: float = 1.0,
) -> Mistakes:
    """Explain the misclassified images; beyond a limit, or a share of it, the surest of each confusion in turn."""
    wrong = np.flatnonzero(evaluation.predictions != dataset.labels)
    confusions, numbers = _ordered(wrong, evaluation, _limit(dataset, share))
    predicted, logits = evaluation.predictions[numbers], survey.logits[numbers]
    true, every = dataset.labels[numbers], np.arange(len(numbers))
    sure = evaluation.probabilities.max(axis=1) > SURE
    return Mistakes(
        confusions=confusions,
        total=len(wrong),
        numbers=numbers,
        true=true,
        predicted=predicted,
        logit_gap=logits[every, predicted] - logits[every, true],
        cam_layer=survey.cam_layer or "",
        typical_peak=float(np.median(survey.grad_cam_peak)),
        sure_answers=int(sure.sum()),
        sure_mistakes=int(sure[wrong].sum()),
        probabilities=evaluation.probabilities[numbers],
        **_explained(look, dataset, numbers, predicted, batch_size, progress),
    )


def in_turn(mistakes: Mistakes, most: int) -> np.ndarray:
    """Rows of at most so many mistakes, int64[...]: the surest of each confusion before the second of any."""
    places = [confusion.places for confusion in mistakes.confusions if len(confusion.places)]
    longest = max((len(group) for group in places), default=0)
    turns = [group[turn] for turn in range(min(most, longest)) for group in places if turn < len(group)]
    return np.array(turns[:most], np.int64)


def _explained(
    look: GradCAMState,
    dataset: Dataset,
    numbers: np.ndarray,
    predicted: np.ndarray,
    batch_size: int,
    progress: Progress,
) -> dict[str, Any]:
    """The pictures of some images and their maps for the predicted and for the true class, as `Mistakes` names them."""
    size, pictures = _side(dataset), []
    batch_size = min(batch_size, max(4, _LOOKED_AT // int(np.prod(dataset.images.shape[1:]))))
    sides: tuple[list[dict[str, np.ndarray]], ...] = ([], [])
    for start in range(0, len(numbers), batch_size):
        rows = slice(start, start + batch_size)
        images = dataset.images[numbers[rows]]
        pictures.append(resize_images(dataset.shown[numbers[rows]], *size))
        for side, classes in zip(sides, (predicted[rows], dataset.labels[numbers[rows]]), strict=True):
            looked = look.maps(images, classes, batch_size)
            side.append({**looked, "saliency": resize_images(looked["saliency"][..., np.newaxis], *size)[..., 0]})
        if callable(progress):
            progress("images", min(start + batch_size, len(numbers)), len(numbers))
    return {"pictures": _joined(pictures), **_fields(*map(_together, sides))}


def _fields(why: dict[str, np.ndarray], why_not: dict[str, np.ndarray]) -> dict[str, Any]:
    """The maps for the predicted class and those for the true one, as `Mistakes` names them."""
    cams = np.maximum(why["signed"], 0), np.maximum(why_not["signed"], 0)
    states = [
        tuple(map_states(cam, before_cut=side["signed"])) if len(cam) else ()
        for cam, side in zip(cams, (why, why_not), strict=True)
    ]
    return {
        "grad_cam": cams,
        "cam_states": tuple(states),
        "saliency": (why["saliency"], why_not["saliency"]),
        "contrast": why["contributions"] - why_not["contributions"],  # HiResCAM is linear in the score
        "parts": why["parts"] - why_not["parts"],  # and so are they
        "layer_maps": {name: (why[key], why_not[key]) for name, key in AT_LAYER.items()},
    }


def _together(batches: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """What was found batch by batch, in one; without a batch, nothing of everything."""
    kinds = ("signed", "saliency", "parts", *AT_LAYER.values())
    if not batches:
        return {kind: np.zeros((0, 1) if kind == "parts" else (0, 1, 1), np.float32) for kind in kinds}
    return {kind: _joined([batch[kind] for batch in batches]) for kind in kinds}


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.zeros((0, 1, 1), np.float32)


def _limit(dataset: Dataset, share: float) -> int:
    """As many mistakes as the memory and the file have room for, 60 to 2,000, or a share of these."""
    explained = _MOST_PIXELS // int(np.prod(dataset.images.shape[1:]))
    drawn = _MOST_DRAWN // int(np.prod(_side(dataset)))
    return max(6, int(share * np.clip(min(explained, drawn), 60, MOST_MISTAKES)))


def _side(dataset: Dataset) -> tuple[int, int]:
    height, width = dataset.images.shape[1:3]
    shrink = min(1.0, SIDE / max(height, width))
    return max(1, round(height * shrink)), max(1, round(width * shrink))


def _ordered(wrong: np.ndarray, evaluation: Evaluation, limit: int) -> tuple[tuple[Confusion, ...], np.ndarray]:
    """Confusions by frequency and the numbers of the images to explain, in the order of the page."""
    groups: dict[tuple[int, int], np.ndarray] = {}
    for pair in {(int(evaluation.labels[n]), int(evaluation.predictions[n])) for n in wrong}:
        members = wrong[(evaluation.labels[wrong] == pair[0]) & (evaluation.predictions[wrong] == pair[1])]
        sureness = evaluation.probabilities[members, pair[1]]
        groups[pair] = members[np.argsort(-sureness, kind="stable")]
    pairs = sorted(groups, key=lambda pair: (-len(groups[pair]), pair))
    share = _largest_share([len(groups[pair]) for pair in pairs], limit)
    confusions, numbers, start = [], [], 0
    for pair in pairs:
        taken = groups[pair][: min(share, limit - start)]
        confusions.append(Confusion(*pair, len(groups[pair]), np.arange(start, start + len(taken))))
        numbers.append(taken)
        start += len(taken)
    return tuple(confusions), np.concatenate(numbers) if numbers else np.zeros(0, np.int64)


def _largest_share(counts: list[int], limit: int) -> int:
    """The most images that every confusion may show for all to stay within the limit, at least 1."""
    low, high = 1, max([*counts, 1])
    while low < high:
        middle = (low + high + 1) // 2
        if sum(min(count, middle) for count in counts) <= limit:
            low = middle
        else:
            high = middle - 1
    return low
