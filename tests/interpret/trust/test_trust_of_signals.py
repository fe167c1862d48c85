"""The measures of trust on series and volumes: those of the same values as a picture of one row, or a volume of one slice."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from planted_signals import planted

from featurelens.interpret import HiResCAM, faithfulness, road
from featurelens.interpret.layers.survey import survey_layers
from featurelens.interpret.methods.catalogue import METHODS
from featurelens.interpret.pixel_removal.imputation import imputed
from featurelens.interpret.sanity.map_similarity import structural_similarity
from featurelens.interpret.trust.measure import measure_trust
from featurelens.interpret.trust.record import Samples, TrustPlan

layers = keras.layers
SAMPLES = Samples(curves=8, filled=4, noise=4, shuffled=6)
PLAN = TrustPlan(cheap=SAMPLES, steps=3, stops=1, baselines=("blur", "mean"))
CHOSEN = [known for known in METHODS if known.name == "HiResCAM"]


def twins(kind: str) -> tuple[Any, np.ndarray, Any, np.ndarray]:
    """A model of series or volumes with its values, and the same weights as a model of pictures."""
    draw = np.random.default_rng(1)
    if kind == "series":
        sizes, one, convolution = (12, 2), (1, 12, 2), (layers.Conv1D, layers.Conv2D, 3, (1, 3))
    else:
        sizes, one, convolution = (1, 5, 6, 2), (5, 6, 2), (layers.Conv3D, layers.Conv2D, (1, 3, 3), 3)
    made = []
    for size, kernel, kinds in ((sizes, convolution[2], convolution[0]), (one, convolution[3], convolution[1])):
        first = kinds(3, kernel, padding="same", activation="relu", name="conv")
        made.append(
            keras.Sequential([keras.Input(size), first, layers.Flatten(), layers.Dense(2, activation="softmax")])
        )
    weights = [draw.normal(size=each.shape).astype(np.float32) for each in made[0].get_weights()]
    for model in made:
        model.set_weights([each.reshape(own.shape) for each, own in zip(weights, model.get_weights(), strict=True)])
    values = draw.normal(size=(12, *sizes)).astype(np.float32)
    return made[0], values, made[1], values.reshape(12, *one)


@pytest.mark.parametrize("kind", ["series", "volume"])
def test_trust_is_that_of_the_same_values_as_pictures(kind):
    model, values, flat, pictures = twins(kind)
    found, expected = (measure_trust(*each, CHOSEN, PLAN) for each in ((model, values), (flat, pictures)))
    assert list(found.methods) == list(expected.methods) == ["HiResCAM"]
    for name, method in found.methods.items():
        other = expected.methods[name]
        assert len(set(method.curves.deletion)) > 1 and method.verdict.level == other.verdict.level
        for what in ("deletion", "insertion"):
            np.testing.assert_allclose(getattr(method.curves, what), getattr(other.curves, what), atol=1e-5)
        np.testing.assert_allclose(method.rank_correlation, other.rank_correlation, atol=1e-4)
        for what in ("road", "sensitivity"):
            assert getattr(method, what).mean == pytest.approx(getattr(other, what).mean, abs=1e-4)


def test_a_planted_stretch_is_trusted_and_its_opposite_is_not():
    model = planted((24,), (slice(6, 10),))
    values = np.random.default_rng(0).random((12, 24, 1), dtype=np.float32) / 10
    cam = HiResCAM(model)
    methods = {"cam": cam, "against": lambda images, classes: -cam(images, classes)}
    found = faithfulness(model, values, methods, steps=4, baselines=["zero"])
    assert found["cam"].against_random.share.mean == 1 and found["against"].against_random.share.mean == 0
    filled = road(model, values + np.linspace(0, 1, 24, dtype=np.float32)[:, None], {"cam": cam}, shares=[0.3])
    assert filled["cam"].removal.most.shape == (12, 1)


def test_series_without_a_channel_are_refused_for_what_varies_places():
    model = keras.Sequential(
        [keras.Input((12,)), layers.Reshape((12, 1)), layers.Conv1D(1, 3), layers.Flatten(), layers.Dense(2)]
    )
    with pytest.raises(ValueError, match=r"Received \(B, T\)"):
        faithfulness(model, np.zeros((2, 12), np.float32), {"a": np.zeros((2, 12))}, steps=2)


def test_places_are_filled_in_from_their_neighbours():
    np.testing.assert_allclose(
        imputed(np.array([[0.0], [7], [7], [3]]), np.array([0, 1, 1, 0], bool))[:, 0], [0, 1, 2, 3]
    )
    slope = np.arange(27.0).reshape(3, 3, 3)[..., np.newaxis]
    gone = np.zeros((3, 3, 3), bool)
    gone[1, 1, 1] = True
    assert imputed(np.where(gone[..., np.newaxis], 99.0, slope), gone)[1, 1, 1, 0] == pytest.approx(13)


def test_similar_maps_of_volumes_are_told_from_others():
    one = np.random.default_rng(2).random((2, 4, 5, 6))
    np.testing.assert_allclose(structural_similarity(one, 3 * one), 1, atol=1e-6)
    assert (structural_similarity(one, one[:, ::-1, ::-1, ::-1].copy()) < 0.7).all()


@pytest.mark.parametrize("sizes", [(16,), (4, 5, 6)])
def test_what_a_layer_keeps_by_numpy(sizes):
    kinds = layers.Conv1D if len(sizes) == 1 else layers.Conv3D
    model = keras.Sequential(
        [keras.Input((*sizes, 1)), kinds(3, 1, activation="relu", name="conv"), layers.Flatten(), layers.Dense(2)]
    )
    ones = (1,) * len(sizes)
    conv = [np.array([1.0, -1.0, 0.0]).reshape(*ones, 1, 3), np.array([0.0, -5.0, 1.0])]
    model.get_layer("conv").set_weights(conv)
    values = np.random.default_rng(3).normal(size=(10, *sizes, 1)).astype(np.float32)
    found = survey_layers(model, values, np.arange(10) % 2, ["conv"]).layers[1]
    kept = np.maximum(values[..., 0], 0).reshape(10, -1)
    assert found.silent_channels.tolist() == [1] and found.channels == 3  # below -5 nothing is left of channel 1
    assert found.active_share == pytest.approx(((kept > 0).mean() + 0 + 1) / 3)
    expected = [np.corrcoef(a, b)[0, 1] for a, b in zip(kept, values.reshape(10, -1), strict=True)]
    assert found.image_correlation == pytest.approx(np.mean(expected), abs=1e-5)
