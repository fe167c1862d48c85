"""All the measures of trust over several methods on one model.

Cheap methods (a pass or two for an image) are measured on all images, dear ones on a stated sample:

* deletion and insertion curves beside a random and a brightness order (`faithfulness`),
* the same question with removed pixels filled in (`road`),
* the change of a map under a noise that nobody would see (`max_sensitivity`),
* the likeness of its maps once the weights are shuffled (`randomization_check`), and
* to those of a copy that was trained on permuted labels, where training images are given (`random_label_check`).

The verdict joins the first and the fourth (see `verdicts`); the others are numbers beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..methods.catalogue import KnownMethod, Makers, made_for, made_once, makers_of
from ..pixel_removal.faithfulness import Faithfulness, faithfulness
from ..pixel_removal.road import Road, road
from ..progress import Progress, Step
from ..sanity.random_labels import Lesson, RandomLabels, random_label_check
from ..sanity.weight_randomization import Randomization, drawn_images, randomization_check
from .record import MethodTrust, Samples, Trust, TrustPlan
from .sensitivity import Sensitivity, max_sensitivity
from .summary import summed


def measure_trust(
    model: Any,
    images: np.ndarray,
    methods: Sequence[KnownMethod],
    plan: TrustPlan | None = None,
    *,
    cam_layer: str | None = None,
    training: tuple[np.ndarray, np.ndarray] | None = None,
    batch_size: int = 256,
    step: Step | None = None,
) -> Trust:
    """Measure several methods on one model; the class explained is always the predicted one.

    Args:
        model: A Keras model with one image input and one output.
        images: float32[B,H,W,C] of the model's input shape and range.
        methods: Such as `METHODS`; those that the model refuses are named with the reason.
        plan: On how many images each measure is taken; the default takes all images for the cheap methods' curves.
        cam_layer: Layer of the CAM family; None for the last convolution.
        training: Training images float32[T,H,W,C] and labels int64[T], for the control of random labels; None leaves it
            out.
        batch_size: Rows at a time.
        step: Told what is being measured and how far it is.

    Raises:
        ValueError: The model refuses all of the methods, or a CAM where `cam_layer` is named; or images or settings do
            not fit.
    """
    plan = plan or TrustPlan()
    makers = makers_of(methods, cam_layer, images)
    at_layer = [known.name for known in methods if known.is_at_layer] if cam_layer is not None else []
    made, refused = made_for(model, makers, images[:1], required=at_layer)
    dear = {known.name for known in methods if known.is_expensive}
    groups = [
        _Measures(
            model, images, {name: made[name] for name in made if (name in dear) == is_dear}, makers, plan, sizes, step
        ).taken(training, batch_size)
        for is_dear, sizes in ((False, plan.cheap), (True, plan.dear))
    ]
    found = [group for group in groups if group.methods]
    every = {name: trust for group in found for name, trust in group.methods.items()}
    return Trust(
        methods={name: every[name] for name in made},
        total=len(images),
        cam_layer=cam_layer,
        layers=next((group.layers for group in found if group.layers), ()),
        not_copied=next((group.not_copied for group in found if group.not_copied), None),
        refused=refused,
        lesson=next((group.lesson for group in found if group.lesson), None),
        plan=plan,
    )


@dataclass(frozen=True, eq=False)
class _Group:
    """What was measured of methods that cost about the same."""

    methods: dict[str, MethodTrust]
    layers: tuple[str, ...]
    not_copied: str | None
    lesson: Lesson | None


@dataclass(frozen=True, eq=False)
class _Measures:
    """The measures over some methods; empty where the plan leaves one out."""

    model: Any
    images: np.ndarray
    methods: dict[str, Any]
    makers: Makers
    plan: TrustPlan
    sizes: Samples
    step: Step | None

    def taken(self, training: tuple[np.ndarray, np.ndarray] | None, batch_size: int) -> _Group:
        """All of them, summed up."""
        if not self.methods:
            return _Group({}, (), None, None)
        curves, filled, unsteady = self._curves(batch_size), self._filled(batch_size), self._unsteady()
        shuffled, not_copied = self._shuffled()
        relearnt = self._relearnt(training) if training is not None and not_copied is None else {}
        every = {
            name: summed(
                name, curves.get(name), filled.get(name), unsteady.get(name), shuffled.get(name), relearnt.get(name)
            )
            for name in self.methods
        }
        layers = next((found.layers for found in shuffled.values()), ())
        return _Group(every, layers, not_copied, next((found.lesson for found in relearnt.values()), None))

    def _curves(self, batch_size: int) -> dict[str, Faithfulness]:
        if self.sizes.curves == 0:
            return {}
        return faithfulness(
            self.model,
            self.images,
            self.methods,
            steps=self.plan.steps,
            sample=self.sizes.curves,
            seed=self.plan.seed,
            batch_size=batch_size,
            progress=self._telling("removing pixels"),
        )

    def _filled(self, batch_size: int) -> dict[str, Road]:
        if not self.sizes.filled:
            return {}
        return road(
            self.model,
            self.images,
            self.methods,
            sample=self.sizes.filled,
            seed=self.plan.seed,
            batch_size=batch_size,
            progress=self._telling("filling pixels in"),
        )

    def _unsteady(self) -> dict[str, Sensitivity]:
        if not self.sizes.noise:
            return {}
        seed = self.plan.seed
        shown, _, classes, _ = drawn_images(self.model, self.images, None, self.sizes.noise, seed, None, None)
        return {
            name: max_sensitivity(
                method, shown, classes, sample=None, seed=seed, progress=self._telling("adding noise")
            )
            for name, method in self.methods.items()
        }

    def _shuffled(self) -> tuple[dict[str, Randomization], str | None]:
        if not self.sizes.shuffled:
            return {}, None
        try:
            found = randomization_check(
                self.model,
                self.images,
                {name: made_once(self.makers[name]) for name in self.methods},
                stops=self.plan.stops,
                sample=self.sizes.shuffled,
                seed=self.plan.seed,
                progress=self._telling("shuffling weights"),
            )
        except ValueError as error:
            return {}, str(error)
        return found, None

    def _relearnt(self, training: tuple[np.ndarray, np.ndarray]) -> dict[str, RandomLabels]:
        if not self.sizes.shuffled:
            return {}
        return random_label_check(
            self.model,
            self.images,
            {name: self.makers[name] for name in self.methods},
            *training,
            epochs=self.plan.epochs,
            sample=self.sizes.shuffled,
            seed=self.plan.seed,
            progress=self._telling("learning random labels"),
        )

    def _telling(self, what: str) -> Progress:
        step, many = self.step, f"{what} ({len(self.methods)})"
        return False if step is None else lambda done, total: step(many, done, total)
