"""Does a map depend on what the model has learnt? If not, it shows the picture and explains nothing.

Adebayo, Gilmer, Muelly, Goodfellow, Hardt, Kim, "Sanity Checks for Saliency Maps", NeurIPS 2018, arXiv:1810.03292.

* Cascading randomisation (section 3.1): the weights are randomised from the last layer to the first, layer upon layer,
  and at each stop the maps are compared with those of the trained model, both without their sign: by Spearman's rank
  correlation and by SSIM (see `similarity`). A method that explains the model must lose its likeness. An edge detector
  keeps it entirely.
* Random labels (section 3.2): see `random_labels`.

Departures: the paper draws new weights; here each tensor's own values are shuffled (see `weight_shuffling`). All of it
happens on a copy that shares nothing with the model (see `independent_copy`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import Record
from ..arguments import at_least
from ..given import takes_given
from ..methods.attribution import Method
from ..progress import Progress, steps
from ..stream.image_choice import sample_of
from ..stream.joint_maps import JointMap, maps_of
from ..tracing.batched_graph import Program
from ..tracing.inputs import Arrays
from ..tracing.targets import Classes
from ..tracing.traced_model import TracedModel
from ..tracing.variants import rows_at_once
from .independent_copy import Copier, independent_copy
from .map_similarity import rank_correlation, structural_similarity
from .weight_shuffling import layers_from_the_last, shuffle

Factory = Callable[[Any], Method]  # a model -> a method for it, such as `lambda model: GradCAM(model)`, or `GradCAM`


@dataclass(frozen=True, eq=False)
class Randomization(Record):
    """How alike a method's maps stay while the weights are randomised; S stops, B images."""

    method: str
    numbers: np.ndarray  # int64[B], which images were explained
    total: int  # of how many
    classes: np.ndarray  # int32[B], the class explained, at all stops: that of the trained model
    layers: tuple[str, ...]  # at each stop the last layer randomised; all that come after it are too
    rank_correlation: np.ndarray  # float32[S,B], -1..1; NaN where a map is constant
    ssim: np.ndarray  # float32[S,B]; NaN where a map is zero


@takes_given
def randomization_check(
    model: Any,
    images: Arrays,
    methods: Mapping[str, Factory],
    classes: Classes = None,
    *,
    stops: int = 8,
    sample: int | None = 128,
    seed: int = 0,
    copier: Copier | None = None,
    output: str | None = None,
    wrt: str | None = None,
    progress: Progress = False,
) -> dict[str, Randomization]:
    """Compare the maps of several methods before and while the weights are randomised.

    Args:
        model: A Keras model; it is left as it is.
        images: float32[B,H,W,C] of the model's input shape and range.
        methods: {name: factory}, such as {'Grad-CAM': GradCAM}. A factory is called anew at every stop.
        classes: The class explained: None for the one that the trained model predicts, an int, or int[B].
        stops: At most so many stops, evenly over the layers with weights, the last and the first layer among them.
        sample: Images drawn (with `seed`) where there are more; None for all.
        seed: Of the sample and the shuffling.
        copier: Makes another model that is built alike, for a model that cannot be copied otherwise.
        output: Which output to explain, where the model has several; the factories have to name it too.
        wrt: Which input is the image, where the model has several that could be; likewise.
        progress: True for a bar, or a function called with (what, done, total), counted in stops.

    Raises:
        ValueError: The model cannot be copied, has no weights, or images, classes or settings do not fit.
    """
    asked = asked_about(model, images, classes, sample, seed, output, wrt)
    return likeness_while_shuffled(
        model, asked, methods, stops, seed, copier=copier, output=output, wrt=wrt, progress=progress
    )


@dataclass(frozen=True, eq=False)
class AskedAbout:
    """The images that are explained, and the class of each."""

    images: Any  # those sampled, as the model takes them
    numbers: np.ndarray  # int64[B], which they are
    classes: np.ndarray  # int32[B], the class explained
    total: int  # of how many they were sampled


def likeness_while_shuffled(
    model: Any,
    asked: AskedAbout,
    methods: Mapping[str, Factory],
    stops: int,
    seed: int,
    *,
    copier: Copier | None = None,
    output: str | None = None,
    wrt: str | None = None,
    progress: Progress = False,
) -> dict[str, Randomization]:
    """`randomization_check` of images and classes that are known; arguments as there."""
    copied = independent_copy(model, asked.images, copier)
    first = {name: make(copied) for name, make in methods.items()}
    trained = _without_sign(first, asked)
    traced = next((made.traced for made in first.values() if isinstance(made, JointMap)), None)
    layers = layers_from_the_last(copied, asked.images, output=output, wrt=wrt, traced=traced)
    if not layers:
        raise ValueError(
            "Expected a model with weights to randomise. This one has none, or only such as are all equal. "
            "Give a trained model."
        )
    places = np.unique(np.linspace(0, len(layers) - 1, min(at_least("stops", stops, 1), len(layers))).astype(int))
    alike: dict[str, list[tuple[np.ndarray, np.ndarray]]] = {name: [] for name in methods}
    draw, done = np.random.default_rng(seed), 0
    for step in steps(len(places), 1, progress):
        place = int(places[step.start])
        for layer in layers[done : place + 1]:
            shuffle(layer, draw)
        done = place + 1
        for name, maps in maps_without_sign(copied, methods, asked).items():
            alike[name].append(likeness(trained[name], maps))
    names = tuple(layers[place].name for place in places)
    return {
        name: Randomization(
            name,
            asked.numbers,
            asked.total,
            asked.classes,
            names,
            *(np.stack(part) for part in zip(*found, strict=True)),
        )
        for name, found in alike.items()
    }


def maps_without_sign(model: Any, methods: Mapping[str, Factory], asked: AskedAbout) -> dict[str, np.ndarray]:
    """The size of each method's maps, each method made for the model anew."""
    return _without_sign({name: make(model) for name, make in methods.items()}, asked)


def _without_sign(methods: Mapping[str, Method], asked: AskedAbout) -> dict[str, np.ndarray]:
    return {name: np.abs(each) for name, each in maps_of(methods, asked.images, asked.classes).items()}


def likeness(trained: np.ndarray, randomised: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rank correlation and SSIM, float32[B] each, of maps without sign."""
    return rank_correlation(trained, randomised), structural_similarity(trained, randomised)


def asked_about(
    model: Any,
    images: Arrays,
    classes: Classes,
    sample: int | None,
    seed: int,
    output: str | None,
    wrt: str | None,
) -> AskedAbout:
    """A sample of the images, with the class of each: the predicted one for None."""
    drawn = sample_of(images, sample, seed)
    program = Program(TracedModel(model, output=output, wrt=wrt), lambda _, scores: {"scores": scores})
    found = program.run(drawn.images, drawn.classes(classes), batch_size=rows_at_once(drawn.images))
    return AskedAbout(drawn.images, drawn.numbers, found["classes"], drawn.total)
