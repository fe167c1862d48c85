"""Which layers a report walks through."""

import keras
import pytest

from featurelens.interpret import inspect_model
from featurelens.models import load_model
from featurelens.reports.evidence.shown_layers import stages

layers = keras.layers


def test_padding_dropout_flatten_and_the_classes_are_left_out():
    assert stages(inspect_model(load_model("zero_padded_dropout"))) == ["conv1", "pool1", "conv2", "pool2", "dense1"]


def test_a_convolution_with_its_normalisation_and_activation_is_one_stage():
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(4, 3, padding="same", name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.ReLU(name="relu"),
            layers.GlobalAveragePooling2D(name="pool"),
            layers.Dense(3, name="classes"),
            layers.Softmax(),
        ]
    )
    assert stages(inspect_model(model)) == ["relu", "pool"]


@pytest.mark.parametrize("depth", [9, 20])
def test_of_many_stages_eight_are_taken_with_the_first_and_the_last(depth):
    convolutions = [layers.Conv2D(2 + i, 1, name=f"conv{i}") for i in range(depth)]
    model = keras.Sequential([keras.Input((4, 4, 1)), *convolutions, layers.Flatten(), layers.Dense(3)])
    found = stages(inspect_model(model))
    assert len(found) == 8
    assert (found[0], found[-1]) == ("conv0", f"conv{depth - 1}")
