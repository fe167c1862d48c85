"""All the measures of trust over several methods on one model.

Cheap methods (a pass or two for an image) are measured on all images, expensive ones on a stated sample, or each on what a
budget of passes buys (see `budget`):

* deletion and insertion curves beside a random and a brightness order (`faithfulness`),
* the same question with removed pixels filled in (`road`),
* the change of a map under a noise that nobody would see (`max_sensitivities`),
* the likeness of its maps once the weights are shuffled (`randomization_check`), and
* to those of a copy that was trained on permuted labels, where training images are given (`random_label_check`).

* how the maps lie on the objects, where masks are given (`localization`).

The verdict joins the first and the fourth (see `verdicts`); the others are numbers beside it. So are those of the objects: a
model may be right for a reason that lies beside the object, and a map that shows so is a good one.

The maps of all methods of one gradient come out of one program, of the model and of the copy whose weights are shuffled
(see `JointMaps`). No map is drawn here, so batch normalisation is folded into the convolutions before it, except at the layer
of the CAMs; how far that moves the logits is measured and part of the record.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from ..given import Layer, takes_given
from ..methods.catalogue import KnownMethod, Makers, made_for, made_once, makers_of, methods_of
from ..pixel_removal.faithfulness import Faithfulness, faithfulness
from ..pixel_removal.road import Road, road
from ..progress import Progress, named
from ..sanity.random_labels import Lesson, RandomLabels, random_label_check
from ..sanity.weight_randomization import AskedAbout, Randomization, likeness_while_shuffled
from ..stream.image_choice import sample_numbers
from ..stream.joint_maps import JointMaps
from ..tracing.folding import Folding, folding_of
from ..tracing.inputs import Arrays, as_dtype, declared_inputs
from ..tracing.sharing import programs_shared
from ..tracing.targets import NONE
from ..tracing.traced_model import TracedModel
from ..tracing.variants import VariantScores, rows_at_once, scores_of
from .located import checked_masks, located
from .record import MethodTrust, Samples, Trust, TrustPlan
from .sensitivity import Sensitivity, max_sensitivities
from .summary import summed

_COMPARED = 16  # images on which the folded logits are compared with the model's own


@takes_given
@programs_shared()
def measure_trust(
    model: Any,
    images: Arrays,
    methods: Sequence[KnownMethod | str],
    plan: TrustPlan | None = None,
    *,
    cam_layer: Layer | None = None,
    training: tuple[np.ndarray, np.ndarray] | None = None,
    masks: np.ndarray | None = None,
    labels: np.ndarray | None = None,
    explained: np.ndarray | None = None,
    batch_size: int = 256,
    step: Progress = False,
) -> Trust:
    """Measure several methods on one model; the class explained is the predicted one, on the objects that of the label.

    Args:
        model: A Keras model with one image input and one output.
        images: float32[B,H,W,C] of the model's input shape and range; series [B,L,C] and volumes [B,D,H,W,C] likewise.
        methods: Such as `METHODS`, or names such as 'hirescam'; those that the model refuses are named with the reason.
        plan: On how many images each measure is taken; the default takes all images for the cheap methods' curves.
        cam_layer: Layer of the CAM family; None for the last convolution.
        training: Training images float32[T,H,W,C] and labels int64[T], for the control of random labels; None leaves it
            out.
        masks: bool[B,H,W], where the object of each image is, at any size; None leaves the measures of the objects out. Boxes
            become masks by `box_masks`.
        labels: int[B], the class of each object; left out, those that come with the images, else the predicted classes.
        explained: int[B], the class, or number, that is explained of each image in the place of the predicted one.
        batch_size: Rows at a time.
        step: True for a bar of each measure, or a function called with (what is being measured, done, total).

    Raises:
        ValueError: The model refuses all of the methods, or a CAM where `cam_layer` is named; or images or settings do
            not fit.
    """
    plan, records = plan or TrustPlan(), methods_of(methods)
    objects = None if masks is None else _Objects(checked_masks(masks, images), labels)
    made, makers, refused = _made(model, records, cam_layer, images)
    largest = _largest(plan, [known for known in records if known.name in made])
    look = _looked_at(model, images, largest, plan.seed, explained)
    groups = []
    for sizes, is_expensive in ((plan.cheap, False), (plan.expensive, True)):
        chosen = {
            known.name: made[known.name]
            for known in records
            if known.name in made and known.is_expensive is is_expensive
        }
        measures = _Measures(model, images, chosen, makers, plan, sizes, look, step)
        groups.append(measures.with_location(measures.taken(training, batch_size), objects, records))
    found = [group for group in groups if group.methods]
    every = {name: trust for group in found for name, trust in group.methods.items()}
    return Trust(
        methods={known.name: every[known.name] for known in records if known.name in every},
        total=len(images),
        cam_layer=cam_layer,
        layers=next((group.layers for group in found if group.layers), ()),
        not_copied=next((group.not_copied for group in found if group.not_copied), None),
        refused=refused,
        lesson=next((group.lesson for group in found if group.lesson), None),
        plan=plan,
        folding=look.folding if look is not None else None,
    )


def _made(
    model: Any, methods: Sequence[KnownMethod], cam_layer: str | None, images: np.ndarray
) -> tuple[dict[str, Any], Makers, dict[str, str]]:
    """The methods that the model takes, how each is made for a copy of it, and why it refuses the others."""
    at_layer = [known.name for known in methods if known.is_at_layer] if cam_layer is not None else []
    makers = makers_of(methods, cam_layer, images)
    together = {known.name: known.compute(cam_layer) for known in methods if known.compute is not None}
    if together:
        fold = _foldable(methods, cam_layer)
        joint = made_once(lambda copied: JointMaps(copied, together, fold=fold))
        joined = {**makers, **{name: partial(_one_of, joint, name) for name in together}}
        try:
            made, refused = made_for(model, joined, images[:1], required=[*together, *at_layer])
        except ValueError:
            pass  # the model refuses one of them: each alone tells which
        else:
            return made, {name: made_once(make) for name, make in joined.items()}, refused
    made, refused = made_for(model, makers, images[:1], required=at_layer)
    return made, {name: made_once(make) for name, make in makers.items()}, refused


def _one_of(joint: Callable[[Any], JointMaps], name: str, model: Any) -> Any:
    return joint(model)[name]


def _foldable(methods: Sequence[KnownMethod], cam_layer: str | None) -> tuple[str, ...] | None:
    """Layers that must not be folded; None for all of them, where a gradient is asked of a layer that is not named."""
    if cam_layer is not None:
        return (cam_layer,)
    return None if any(known.is_at_layer for known in methods) else ()


@dataclass(frozen=True, eq=False)
class _Look:
    """What the model as it is says to the images, and the folded one that variants of them are run through."""

    classes: np.ndarray  # int32[B], the class explained of every image that is measured, -1 for the others
    scores: VariantScores
    folding: Folding | None


def _looked_at(
    model: Any, images: np.ndarray, sample: int | None, seed: int, explained: np.ndarray | None
) -> _Look | None:
    """None for a sample of 0 images."""
    if sample == 0:
        return None
    numbers = sample_numbers(len(images), sample, seed)
    plain = scores_of(TracedModel(model))
    asked = None if explained is None else np.asarray(explained)[numbers]
    found = plain.run(images[numbers], asked, batch_size=rows_at_once(images))
    classes = np.full(len(images), NONE, dtype=np.int32)
    classes[numbers] = found["classes"]
    followed = (
        "probability" if plain.head.has_probabilities else "logit"
    )  # of a number that is explained: the number itself
    scores, few = VariantScores(model, followed, output=None, wrt=None, any_places=True), slice(0, _COMPARED)
    if not scores.folded:
        return _Look(classes, scores, None)
    again = scores.ask(images[numbers[few]], found["classes"][few]).originals["logits"]
    return _Look(classes, scores, folding_of(again, found["logits"][few], len(scores.folded)))


def _largest(plan: TrustPlan, methods: Sequence[KnownMethod]) -> int | None:
    """The largest sample that any of the methods is measured on; those of one seed hold the smaller ones."""
    sizes = [plan.expensive if known.is_expensive else plan.cheap for known in methods]
    every = [size for each in sizes for size in (each.curves, each.filled, each.noise, each.shuffled)]
    return None if None in every else max(size for size in every if size is not None)


@dataclass(frozen=True, eq=False)
class _Objects:
    """Where the object of each image is, and of which class."""

    masks: np.ndarray  # bool[B,H,W]
    labels: np.ndarray | None  # int[B]; None: the predicted classes


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
    look: _Look | None  # None where no sample has an image
    step: Progress

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

    def with_location(self, group: _Group, objects: _Objects | None, methods: Sequence[KnownMethod]) -> _Group:
        """The group with the measures of the objects, taken on the images of the curves."""
        if objects is None or self.look is None or self.sizes.curves == 0 or not self.methods:
            return group
        numbers = sample_numbers(len(self.images), self.sizes.curves, self.plan.seed)
        classes = self.look.classes if objects.labels is None else np.asarray(objects.labels)
        found = located(
            self.methods,
            self.images[numbers],
            classes[numbers],
            objects.masks[numbers],
            without_zero=[known.name for known in methods if not known.has_zero],
            seed=self.plan.seed,
            progress=self._telling("looking at objects"),
        )
        return replace(
            group, methods={name: replace(trust, location=found[name]) for name, trust in group.methods.items()}
        )

    def _curves(self, batch_size: int) -> dict[str, Faithfulness]:
        if self.look is None or self.sizes.curves == 0:
            return {}
        return faithfulness(
            self.model,
            self.images,
            self.methods,
            self.look.classes,
            baselines=self.plan.baselines,
            steps=self.plan.steps,
            sample=self.sizes.curves,
            seed=self.plan.seed,
            batch_size=batch_size,
            scores=self.look.scores,
            progress=self._telling("removing pixels"),
        )

    def _filled(self, batch_size: int) -> dict[str, Road]:
        if self.look is None or not self.sizes.filled:
            return {}
        return road(
            self.model,
            self.images,
            self.methods,
            self.look.classes,
            sample=self.sizes.filled,
            seed=self.plan.seed,
            batch_size=batch_size,
            scores=self.look.scores,
            progress=self._telling("filling pixels in"),
        )

    def _unsteady(self) -> dict[str, Sensitivity]:
        if self.look is None or not self.sizes.noise:
            return {}
        asked = self._asked(self.look, self.sizes.noise)
        return max_sensitivities(
            self.methods,
            self._as_taken(asked.images),
            asked.classes,
            sample=None,
            seed=self.plan.seed,
            progress=self._telling("adding noise"),
        )

    def _shuffled(self) -> tuple[dict[str, Randomization], str | None]:
        if self.look is None or not self.sizes.shuffled:
            return {}, None
        try:
            found = likeness_while_shuffled(
                self.model,
                self._asked(self.look, self.sizes.shuffled),
                {name: self.makers[name] for name in self.methods},
                self.plan.stops,
                self.plan.seed,
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

    def _asked(self, look: _Look, sample: int) -> AskedAbout:
        numbers = sample_numbers(len(self.images), sample, self.plan.seed)
        return AskedAbout(self.images[numbers], numbers, look.classes[numbers], len(self.images))

    def _as_taken(self, images: np.ndarray) -> np.ndarray:
        """The images as whole numbers, where the model takes such: noise is then made of whole numbers too."""
        form = declared_inputs(self.model)
        dtype = "float32" if form is None else form.dtypes[form.image_index(None)]
        return as_dtype(images, dtype) if "int" in dtype else images

    def _telling(self, what: str) -> Progress:
        return named(self.step, f"{what} ({len(self.methods)})")
