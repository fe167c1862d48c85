"""The layer of the most faithful map: planted in a model whose later layer blurs the place away, and null."""

import keras
import numpy as np
import pytest

from featurelens.interpret import HiResCAM, faithfulness
from featurelens.interpret.pixel_removal.layer_sweep import layer_sweep

pytestmark = pytest.mark.numeric
SIZE = 8


def model_of(last_kernel):
    """'sharp' is the picture; 'last' sees it through a kernel; the class is the mean of 'last' over one quarter."""
    model = keras.Sequential(
        [
            keras.Input((SIZE, SIZE, 1)),
            keras.layers.Conv2D(1, 1, use_bias=False, name="sharp"),
            keras.layers.Conv2D(1, last_kernel.shape[0], padding="same", use_bias=False, name="last"),
            keras.layers.Flatten(),
            keras.layers.Dense(2, use_bias=False, activation="softmax"),
        ]
    )
    model.get_layer("sharp").set_weights([np.ones((1, 1, 1, 1))])
    model.get_layer("last").set_weights([last_kernel[:, :, np.newaxis, np.newaxis]])
    weights = np.zeros((SIZE, SIZE, 1, 2))
    weights[:4, :4, 0] = [0.1, -0.1]
    model.layers[-1].set_weights([weights.reshape(-1, 2)])
    return model


IMAGES = np.random.default_rng(0).random((40, SIZE, SIZE, 1), dtype=np.float32)


def shifted(by=4):
    """A kernel that looks `by` pixels to the side: 'last' answers at one place to what is at another."""
    kernel = np.zeros((9, 9))
    kernel[4, 4 + by] = 1.5
    return kernel


def test_where_the_last_layer_names_the_wrong_place_the_earlier_one_is_better():
    found = layer_sweep(model_of(shifted()), IMAGES, ["sharp", "last"])
    assert found.better == "sharp" and found.advantage[0].low > 0 and found.images == 40
    assert (found.advantage[1].low, found.advantage[1].high) == (0, 0)


def test_where_both_layers_have_the_same_map_neither_is_better():
    found = layer_sweep(model_of(np.ones((1, 1))), IMAGES, ["sharp", "last"])
    assert found.better is None and found.advantage[0].mean == pytest.approx(0, abs=1e-6)


def test_the_gains_are_those_of_faithfulness():
    model = model_of(shifted(1))
    found = layer_sweep(model, IMAGES, ["sharp", "last"], steps=4)
    methods = {name: HiResCAM(model, name)(IMAGES) for name in ("sharp", "last")}
    expected = faithfulness(model, IMAGES, methods, baselines=("mean",), steps=4, sample=None)
    for place, name in enumerate(("sharp", "last")):
        assert found.gain[place] == pytest.approx(expected[name].curves.gain.mean(), abs=1e-5)


def test_one_layer_is_nothing_to_compare():
    with pytest.raises(ValueError, match="two layers"):
        layer_sweep(model_of(np.ones((1, 1))), IMAGES, ["last"])
