"""Taking a channel away before a dense layer: the whole tail run on changed maps, and who else reads the map."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hand_set_models import random_images

from featurelens.interpret import ActivationExtractor
from featurelens.interpret.dissection.ablation import ablate_channels
from featurelens.interpret.tracing.downstream import TailProgram

pytestmark = pytest.mark.numeric

layers = keras.layers
IMAGES = random_images(4, 20)


def seeded(model: Any) -> Any:
    draw = np.random.default_rng(0)
    model.set_weights([draw.normal(0, 0.5, array.shape).astype(np.float32) for array in model.get_weights()])
    return model


def two_dense(activation: str = "relu", *, bias: bool = True, head: str = "softmax") -> Any:
    """A map, flattened, read by two dense layers."""
    inputs = keras.Input(IMAGES.shape[1:])
    maps = layers.Conv2D(5, 3, name="conv")(inputs)
    hidden = layers.Dense(7, activation=activation, use_bias=bias)(layers.Flatten()(layers.Dropout(0.5)(maps)))
    return seeded(keras.Model(inputs, layers.Dense(3, activation=head)(hidden)))


def pooled(kind: Any) -> Any:
    """The map is pooled before, with places left over at its edge."""
    inputs = keras.Input(IMAGES.shape[1:])
    maps = layers.Conv2D(5, 3, padding="same", name="conv")(inputs)
    hidden = layers.Dense(7, activation="relu")(layers.Flatten()(kind(2, strides=3, padding="same")(maps)))
    return seeded(keras.Model(inputs, layers.Dense(3, activation="softmax")(hidden)))


def padded() -> Any:
    """The map gets zeros round it, which stay where a channel is set to its mean."""
    inputs = keras.Input(IMAGES.shape[1:])
    maps = layers.ZeroPadding2D(1)(layers.Conv2D(5, 3, name="conv")(inputs))
    hidden = layers.Dense(7, activation="relu")(layers.Flatten()(layers.AveragePooling2D(2)(maps)))
    return seeded(keras.Model(inputs, layers.Dense(3, activation="softmax")(hidden)))


def read_twice() -> Any:
    """The same, and the map's average is read as well."""
    inputs = keras.Input(IMAGES.shape[1:])
    maps = layers.Conv2D(5, 3, name="conv")(inputs)
    hidden = layers.Dense(7, activation="relu")(layers.Flatten()(maps))
    beside = layers.GlobalAveragePooling2D()(maps)
    return seeded(keras.Model(inputs, layers.Dense(3, activation="softmax")(layers.Concatenate()([hidden, beside]))))


def reordered() -> Any:
    """The same, with the channels before the places."""
    inputs = keras.Input(IMAGES.shape[1:])
    maps = layers.Permute((3, 1, 2))(layers.Conv2D(5, 3, name="conv")(inputs))
    hidden = layers.Dense(7, activation="relu")(layers.Flatten()(maps))
    return seeded(keras.Model(inputs, layers.Dense(3, activation="softmax")(hidden)))


def logits_without(model: Any, maps: np.ndarray) -> np.ndarray:
    """The logits of changed maps, by Keras's own layers behind the convolution."""
    answers = keras.Model(model.get_layer("conv").output, model.output)(maps)
    return (
        np.log(np.asarray(answers)) if model.layers[-1].activation is keras.activations.softmax else np.asarray(answers)
    )


@pytest.mark.parametrize(
    ("model", "by_the_dense_layer"),
    [
        (two_dense(), True),
        (two_dense("tanh", bias=False, head="linear"), True),
        (two_dense("softmax"), True),
        (pooled(layers.MaxPooling2D), True),
        (pooled(layers.AveragePooling2D), True),
        (padded(), False),
        (read_twice(), False),
        (reordered(), False),
    ],
)
@pytest.mark.parametrize("to", ["zero", "mean"])
def test_the_logits_are_those_of_the_whole_tail(
    model: Any, by_the_dense_layer: bool, to: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    replaced, original = [], TailProgram.__init__

    def noted(self: Any, *given: Any, **named: Any) -> None:
        replaced.append(named["at"])
        original(self, *given, **named)

    monkeypatch.setattr(TailProgram, "__init__", noted)
    found = ablate_channels(model, IMAGES, np.arange(20) % 3, "conv", to=to, batch_size=7)
    assert [at is not None for at in replaced] == [by_the_dense_layer]
    effects = found.effects.taken(np.argsort(found.effects.channels))
    maps = ActivationExtractor(model, ["conv"])(IMAGES)["conv"]
    before = logits_without(model, maps)
    for channel in range(5):
        without = maps.copy()
        without[..., channel] = 0 if to == "zero" else maps[..., channel].mean()
        change = logits_without(model, without) - before
        between = change - change.mean(axis=1, keepdims=True)  # a softmax tells the logits but for one number for all
        told = effects.logit_change[channel]
        np.testing.assert_allclose(told - told.mean(), between.mean(axis=0), rtol=1e-3, atol=2e-5)
        assert np.abs(told).max() > 1e-2  # the case is not trivial
