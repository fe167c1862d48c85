"""What each layer puts out: by hand, as loops, by its laws."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from small_models import SHAPE, dense, images, sequential

from featurelens.interpret import ActivationExtractor

pytestmark = pytest.mark.numeric

layers = keras.layers


@pytest.fixture(scope="module")
def model() -> Any:
    return sequential(layers.Dropout(0.5, name="dropout"))


def test_by_hand() -> None:
    """conv = relu(2 x - 1): 0 -> 0, 0.5 -> 0, 1 -> 1, 2 -> 3; pool takes the largest, 3."""
    conv = layers.Conv2D(1, 1, activation="relu", name="conv")
    model = keras.Sequential([keras.Input((2, 2, 1)), conv, layers.MaxPooling2D(name="pool"), layers.Flatten()])
    conv.set_weights([np.full((1, 1, 1, 1), 2.0), np.full(1, -1.0)])
    model.add(dense(2))
    found = ActivationExtractor(model)(np.float32([[[[0], [0.5]], [[1], [2]]]]))
    np.testing.assert_array_equal(found["conv"][0, :, :, 0], [[0, 0], [1, 3]])
    np.testing.assert_array_equal(found["pool"], [[[[3]]]])


def test_as_loops(model: Any) -> None:
    kernel, bias = model.get_layer("conv1").get_weights()
    x = images(count=1)
    padded = np.pad(x[0], ((1, 1), (1, 1), (0, 0)))
    expected = np.zeros((8, 8, 4))
    for row in range(8):
        for column in range(8):
            for channel in range(4):
                seen = padded[row : row + 3, column : column + 3] * kernel[..., channel]
                expected[row, column, channel] = max(0, seen.sum() + bias[channel])
    np.testing.assert_allclose(ActivationExtractor(model, ["conv1"])(x)["conv1"][0], expected, rtol=1e-5, atol=1e-6)


def test_in_order_of_execution_or_as_asked(model: Any) -> None:
    every = ActivationExtractor(model)(images())
    assert list(every) == ["dropout", "conv1", "pool", "conv2", "flatten", "dense"]
    some = ActivationExtractor(model, ["conv2", "conv1"])(images())
    assert list(some) == ["conv2", "conv1"]
    np.testing.assert_allclose(some["conv1"], every["conv1"], rtol=1e-5, atol=1e-6)  # another graph, other fusions


def test_dropout_is_off(model: Any) -> None:
    np.testing.assert_array_equal(ActivationExtractor(model, ["dropout"])(images())["dropout"], images())


def test_a_batch_is_its_images_one_by_one(model: Any) -> None:
    extractor = ActivationExtractor(model, ["conv2"])
    whole = extractor(images())["conv2"]
    assert whole.max() > 0.1
    for index in range(3):
        np.testing.assert_allclose(extractor(images()[[index]])["conv2"], whole[[index]], rtol=1e-5, atol=1e-6)


def test_stream_is_read_only_and_the_same(model: Any) -> None:
    extractor = ActivationExtractor(model, ["pool"])
    parts = []
    for part in extractor.stream(images(), batch_size=2):
        with pytest.raises(ValueError, match="read-only"):
            part["pool"][0] = 0
        parts.append(part["pool"].copy())
    np.testing.assert_array_equal(np.concatenate(parts), extractor(images(), batch_size=2)["pool"])


def test_a_layer_may_be_called_logits() -> None:
    model = keras.Sequential([keras.Input(SHAPE), layers.Flatten(), dense(name="logits")])
    found = ActivationExtractor(model)(images())["logits"]
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-5)  # the layer's output: after its softmax


def test_an_empty_list_is_no_layer(model: Any) -> None:
    assert ActivationExtractor(model, [])(images()) == {}


def test_an_unknown_layer_is_refused(model: Any) -> None:
    with pytest.raises(ValueError, match=r"no layer 'conv3'. Did you mean 'conv2'\? Use one of: dropout, conv1, pool"):
        ActivationExtractor(model, ["conv1", "conv3"])
