"""Explaining changes no weight and no state: counters, seeds and moving statistics are as before each public call."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from small_models import SHAPE, conv, dense, images

from featurelens import interpret
from featurelens.interpret import METHODS
from featurelens.interpret.graph.state.written_variables import variables_of
from featurelens.interpret.layers.survey import survey_layers
from featurelens.interpret.stream.class_means import class_means
from featurelens.interpret.stream.predictions import decisions
from featurelens.interpret.stream.saturation import GradCAMState, Saturation

layers = keras.layers
LABELS = np.array([0, 1, 2])


class Counting(layers.Layer):
    """Counts its calls."""

    def build(self, shape):
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False, name="count")

    def call(self, inputs):
        self.count.assign(self.count + 1)
        return inputs


class Shaken(layers.Layer):
    """Draws a noise at each call, and adds none of it: the seed moves on, the answer stays."""

    def __init__(self) -> None:
        super().__init__()
        self.seeds = keras.random.SeedGenerator(1)

    def call(self, inputs):
        return inputs + 0 * keras.random.normal((1,), seed=self.seeds)


@pytest.fixture(scope="module")
def model() -> Any:
    made = keras.Sequential(
        [
            keras.Input(SHAPE),
            layers.RandomFlip(),
            Counting(),
            Shaken(),
            conv("conv1", 4, 1),
            layers.BatchNormalization(),
            layers.ReLU(),
            layers.Dropout(0.5),
            layers.Flatten(),
            dense(),
        ]
    )
    made(images())
    return made


def methods() -> dict[str, Callable[[Any], Any]]:
    taken = [*METHODS.usual, *(known for known in METHODS if known.name in ("Ablation-CAM", "Guided Grad-CAM"))]
    found = {known.name: lambda model, known=known: known.make(model, None, 8)(images(), LABELS) for known in taken}
    found.pop("Layer-wise Relevance")  # has no rule for such layers, and says so
    return found


CALLS: dict[str, Callable[[Any], Any]] = {
    **methods(),
    "inspect_model": lambda model: interpret.inspect_model(model, images()),
    "ActivationExtractor": lambda model: interpret.ActivationExtractor(model)(images()),
    "Explainer": lambda model: interpret.Explainer(model)(images()),
    "decisions": lambda model: decisions(model, images()),
    "class_means": lambda model: class_means(model, images(), LABELS, ["conv1"], [0, 1, 2]),
    "survey_layers": lambda model: survey_layers(model, images(), LABELS, ["conv1"]),
    "GradCAMState": lambda model: GradCAMState(model)(images()),
    "Saturation": lambda model: Saturation(model)(images()),
    "channels": lambda model: interpret.channels(model, images(), LABELS),
    "ablate_channels": lambda model: interpret.ablate_channels(model, images(), LABELS, "conv1"),
    "activation_maximization": lambda model: interpret.activation_maximization(model, "conv1", 0, steps=2),
    "faithfulness": lambda model: interpret.faithfulness(model, images(), {"s": interpret.Saliency(model)}, steps=2),
    "road": lambda model: interpret.road(model, images(), {"s": interpret.Saliency(model)}, shares=(0.5,)),
    "max_sensitivity": lambda model: interpret.max_sensitivity(interpret.Saliency(model), images(), LABELS, samples=1),
    "randomization_check": lambda model: interpret.randomization_check(
        model, images(), {"s": interpret.Saliency}, stops=2, copier=copied
    ),
}


def copied(model: Any) -> Any:
    return keras.models.clone_model(
        model,
        clone_function=lambda layer: (
            type(layer).from_config(layer.get_config()) if not isinstance(layer, Shaken) else Shaken()
        ),
    )


@pytest.mark.parametrize("call", CALLS)
def test_all_variables_are_as_before(call: str, model: Any) -> None:
    variables = variables_of(model)
    assert {"count", "seed_generator_state", "moving_mean"} <= {
        variable.name.split("/")[-1].split(":")[0] for variable in variables
    }
    before = [variable.numpy() for variable in variables]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        CALLS[call](model)
    assert len(variables_of(model)) == len(variables)
    for expected, variable in zip(before, variables, strict=True):
        np.testing.assert_array_equal(variable.numpy(), expected, err_msg=variable.name)


def never_called() -> Any:
    parts = [Counting(), Shaken(), conv("conv1", 4, 1), layers.BatchNormalization(), layers.Flatten(), dense()]
    return keras.Sequential(parts)


BUILDING = [name for name in CALLS if name not in ("randomization_check", "activation_maximization")]


@pytest.mark.parametrize("call", BUILDING)
def test_the_call_that_builds_a_model_leaves_it_as_it_is_first_made(call: str) -> None:
    model, twin = never_called(), never_called()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        CALLS[call](model)
    twin.build((None, *SHAPE))  # makes the variables, and runs nothing
    found, expected = variables_of(model), variables_of(twin)
    assert len(found) == len(expected) > 8 and not any(variable is other for variable in found for other in expected)
    for variable, first in zip(found, expected, strict=True):
        if "kernel" not in variable.name and "bias" not in variable.name:
            np.testing.assert_array_equal(variable.numpy(), first.numpy(), err_msg=variable.name)
    (counting,) = [layer for layer in model.layers if isinstance(layer, Counting)]
    assert counting.count.numpy() == 0
