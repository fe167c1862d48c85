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

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .bootstrap import bootstrap_mean
from .deletion_insertion import Curves
from .faithfulness import Faithfulness, faithfulness
from .methods import KnownMethod
from .progress import Progress
from .random_label_training import Lesson
from .random_labels import RandomLabels, random_label_check
from .road import Road, road
from .sanity_checks import Randomization, drawn_images, randomization_check
from .sensitivity import Sensitivity, max_sensitivity
from .trust import MeanCurves, MethodTrust, Samples, Trust, TrustPlan
from .verdicts import verdict

Step = Callable[[str, int, int], None]  # told (what is being measured, done, of how much)
Makers = dict[str, Callable[[Any], Any]]  # {name: model -> the method}


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
        ValueError: The model refuses all of the methods, or images or settings do not fit.
    """
    plan = plan or TrustPlan()
    makers = {known.name: _at(known, cam_layer, min(images.shape[1:3])) for known in methods}
    made, refused = _made(model, makers, images[:1])
    dear = {known.name for known in methods if known.is_dear}
    groups = [
        _Measures(
            model, images, {name: made[name] for name in made if (name in dear) == is_dear}, makers, plan, sizes, step
        ).taken(training, batch_size)
        for is_dear, sizes in ((False, plan.cheap), (True, plan.dear))
    ]
    found = [group for group in groups if group.methods]
    summed = {name: trust for group in found for name, trust in group.methods.items()}
    return Trust(
        methods={name: summed[name] for name in made},
        total=len(images),
        cam_layer=cam_layer,
        layers=found[0].layers,
        not_copied=found[0].not_copied,
        refused=refused,
        lesson=found[0].lesson,
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
            name: _summed(
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
                {name: _made_once(self.makers[name]) for name in self.methods},
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


def _at(known: KnownMethod, cam_layer: str | None, side: int) -> Callable[[Any], Any]:
    return lambda model: known.make(model, cam_layer, side)


def _made(model: Any, makers: Makers, one: np.ndarray) -> tuple[dict[str, Any], dict[str, str]]:
    """The methods that explain an image of this model, and why the others do not."""
    made, refused = {}, {}
    for name, make in makers.items():
        try:
            method = make(model)
            method(one, np.zeros(1, np.int32))
        except ValueError as error:
            refused[name] = str(error)
            continue
        made[name] = method
    if not made:
        name, reason = next(iter(refused.items()))
        raise ValueError(f"Expected a method that explains this model. All refuse it; {name}: {reason}")
    return made, refused


def _made_once(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The method traced once: its graph reads the copy's weights anew at every call, whatever has become of them."""
    made: list[tuple[Any, Any]] = []

    def again(model: Any) -> Any:
        if not made or made[0][0] is not model:
            made[:] = [(model, make(model))]
        return made[0][1]

    return again


def _summed(
    name: str,
    curves: Faithfulness | None,
    filled: Road | None,
    unsteady: Sensitivity | None,
    shuffled: Randomization | None,
    relearnt: RandomLabels | None,
) -> MethodTrust:
    nothing = MeanCurves((), ())
    return MethodTrust(
        verdict=verdict(name, curves, shuffled),
        images=len(curves.numbers) if curves else 0,
        shares=tuple(map(float, curves.shares)) if curves else (),
        curves=_mean(curves.curves) if curves else nothing,
        random=_mean(curves.random) if curves else nothing,
        brightness=_mean(curves.brightness) if curves else nothing,
        road=filled.against_random.share if filled else None,
        sensitivity=unsteady.mean if unsteady else None,
        compared=len(shuffled.numbers) if shuffled else 0,
        rank_correlation=_known_means(shuffled.rank_correlation) if shuffled else (),
        ssim=_known_means(shuffled.ssim) if shuffled else (),
        random_labels=bootstrap_mean(relearnt.rank_correlation) if relearnt else None,
    )


def _mean(curves: Curves) -> MeanCurves:
    return MeanCurves(*(tuple(map(float, part.mean(axis=(0, 1)))) for part in (curves.deletion, curves.insertion)))


def _known_means(values: np.ndarray) -> tuple[float, ...]:
    """Mean over images of float[S,B], leaving out maps that cannot be compared; NaN where none can."""
    return tuple(float(row[np.isfinite(row)].mean()) if np.isfinite(row).any() else float("nan") for row in values)
