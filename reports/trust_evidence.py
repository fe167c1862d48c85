"""How far each method that the report shows can be trusted on this model: measured on a stated sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..interpret import GradCAM, HiResCAM, Saliency
from ..interpret.faithfulness import Faithfulness, faithfulness
from ..interpret.progress import Progress
from ..interpret.sanity_checks import Randomization, randomization_check
from ..interpret.verdicts import Verdict, verdicts
from ..models.datasets import Dataset

GRAD_CAM, CONTRAST, SALIENCY = "Grad-CAM", "HiResCAM", "Saliency"
TRUST_IMAGES = 100  # by default; more make the intervals narrower and the report slower
_STEPS = 6  # points of a curve beside its start
_RANDOMISED = 64  # images whose maps are compared while the weights are randomised


@dataclass(frozen=True, eq=False)
class Trust:
    """What was measured of each method, by its name."""

    verdicts: dict[str, Verdict]
    faithfulness: dict[str, Faithfulness]
    randomization: dict[str, Randomization]  # empty where the model cannot be copied
    not_copied: str | None  # why not, then


def gather_trust(
    model: Any, dataset: Dataset, cam_layer: str, *, images: int, seed: int = 0, progress: Progress = False
) -> Trust | None:
    """Measure the methods that the report shows; None for no images."""
    if not images:
        return None
    makers: dict[str, Callable[[Any], Any]] = {
        GRAD_CAM: lambda made: GradCAM(made, cam_layer),
        CONTRAST: lambda made: HiResCAM(made, cam_layer),
        SALIENCY: Saliency,
    }
    methods = {name: make(model) for name, make in makers.items()}
    measured = faithfulness(model, dataset.images, methods, steps=_STEPS, sample=images, seed=seed, progress=progress)
    randomised, reason = _randomised(model, dataset, makers, min(images, _RANDOMISED), seed)
    judged = {found.method: found for found in verdicts(list(makers), measured, randomised)}
    return Trust(judged, measured, randomised, reason)


def _randomised(
    model: Any, dataset: Dataset, makers: dict[str, Callable[[Any], Any]], images: int, seed: int
) -> tuple[dict[str, Randomization], str | None]:
    try:
        once = {name: _made_once(make) for name, make in makers.items()}
        return randomization_check(model, dataset.images, once, stops=6, sample=images, seed=seed), None
    except ValueError as error:
        return {}, str(error)


def _made_once(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The method traced once: its graph reads the copy's weights anew at every call, whatever has become of them."""
    made: list[tuple[Any, Any]] = []

    def again(model: Any) -> Any:
        if not made or made[0][0] is not model:
            made[:] = [(model, make(model))]
        return made[0][1]

    return again
