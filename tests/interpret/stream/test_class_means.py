"""Class means: as a loop over the class's images."""

import keras
import numpy as np
import pytest

from featurelens.interpret import ActivationExtractor
from featurelens.interpret.stream.class_means import class_means

pytestmark = pytest.mark.numeric


def test_the_mean_is_that_of_each_image_alone():
    model = keras.Sequential(
        [keras.Input((5, 5, 1)), keras.layers.Conv2D(2, 3, name="conv"), keras.layers.Flatten(), keras.layers.Dense(2)]
    )
    images = np.random.default_rng(0).random((9, 5, 5, 1)).astype(np.float32)
    labels = np.array([0, 1, 0, 1, 1, 0, 1, 1, 2])
    told = []
    found = class_means(
        model,
        images,
        labels,
        ["conv"],
        [1, 0],
        batch_size=2,
        progress=lambda _, done, total: told.append((done, total)),
    )
    each = ActivationExtractor(model, ["conv"])(images)["conv"]
    for label in (0, 1):
        np.testing.assert_allclose(found[label]["conv"], each[labels == label].mean(axis=0), rtol=1e-5, atol=1e-6)
    assert list(found) == [1, 0]
    assert told == [(2, 8), (4, 8), (6, 8), (8, 8)]
