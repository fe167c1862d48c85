"""The last hidden layer: which one it is, its values, its sample and its projection."""

import keras
import numpy as np
import pytest
from hand_set_models import random_cnn, random_images

from featurelens.interpret.stream.hidden import HiddenStatistic
from featurelens.interpret.stream.one_pass import one_pass
from featurelens.interpret.stream.statistic import ArraySource

pytestmark = pytest.mark.numeric
IMAGES = random_images(0, 12)


def hidden(model, images=IMAGES, **settings):
    statistic = HiddenStatistic(len(images), **settings)
    return one_pass(model, ArraySource(images), [statistic], batch_size=5)[statistic.key]


def with_dense(units=7, head="softmax", separate=False):
    model = random_cnn(1)
    vector = keras.layers.Dense(units, activation="relu", name="wide")(model.layers[-2].output)
    answer = keras.layers.Dense(3, activation=None if separate else head)(keras.layers.Dropout(0.5)(vector))
    return keras.Model(model.inputs[0], keras.layers.Activation(head)(answer) if separate else answer)


def put_out(model, name):
    return np.asarray(keras.Model(model.inputs[0], model.get_layer(name).output)(IMAGES))


@pytest.mark.parametrize("separate", [False, True])
@pytest.mark.parametrize("head", ["softmax", "sigmoid", None])
def test_the_dense_layer_before_the_head(head, separate):
    model = with_dense(head=head, separate=separate and head is not None)
    found = hidden(model)
    expected = put_out(model, "wide")
    np.testing.assert_allclose(found.features, expected, rtol=1e-5, atol=1e-6)
    assert found.numbers.tolist() == list(range(12)) and found.projected_from is None


def test_without_a_dense_layer_it_is_the_flattened_map():
    model = random_cnn(0)
    found = hidden(model)
    np.testing.assert_allclose(found.features, put_out(model, "conv2").reshape(12, -1), rtol=1e-5, atol=1e-6)
    assert found.layer == model.layers[-2].name


def test_a_sample_of_many():
    found, whole = hidden(random_cnn(0), most=5), hidden(random_cnn(0))
    assert len(found.numbers) == 5 and (np.diff(found.numbers) > 0).all()
    np.testing.assert_allclose(found.features, whole.features[found.numbers], rtol=1e-6)


def test_a_wide_layer_is_projected_and_keeps_its_cosines():
    model = with_dense(units=1000)
    found = hidden(model)
    values = put_out(model, "wide")
    assert found.features.shape == (12, 512) and found.projected_from == 1000

    def cosines(rows):
        unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        return unit @ unit.T

    np.testing.assert_allclose(cosines(found.features), cosines(values), atol=0.2)


def test_a_model_without_a_vector_has_none():
    model = keras.Sequential([keras.Input((6, 6, 2)), keras.layers.Conv2D(3, 6), keras.layers.Flatten()])
    found = hidden(model)
    assert found.layer is None and not len(found.numbers)
