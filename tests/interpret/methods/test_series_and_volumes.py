"""Series [B,L,C] and volumes [B,D,H,W,C]: every method's map against the definition in plain TensorFlow, or by hand."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from oracle import assert_equal
from planted_signals import planted
from small_models import dense, images, seeded

from featurelens.interpret import (
    RISE,
    Explainer,
    GradCAM,
    GradCAMPlusPlus,
    HiResCAM,
    InputXGradient,
    IntegratedGradients,
    LayerCAM,
    MultiLayerCAM,
    Occlusion,
    Saliency,
    SmoothGrad,
)
from featurelens.interpret.methods import rise
from featurelens.interpret.methods.occlusion import Patches
from featurelens.interpret.methods.rise import RandomMasks

layers = keras.layers
pytestmark = pytest.mark.numeric
CLASSES = np.array([1, 0, 1])
KINDS: dict[str, tuple[int, ...]] = {"series": (14, 2), "volume": (6, 7, 8, 2)}


def made(kind: str) -> Any:
    """Two convolutions with pooling between, and a dense layer of logits."""
    axes = len(KINDS[kind]) - 1
    convolution, pooling = (layers.Conv1D, layers.MaxPooling1D) if axes == 1 else (layers.Conv3D, layers.MaxPooling3D)
    return keras.Sequential(
        [
            keras.Input(KINDS[kind]),
            convolution(4, 3, padding="same", activation="relu", name="conv1", **seeded(1)),
            pooling(2, name="pool"),
            convolution(5, 3, padding="same", activation="relu", name="conv2", **seeded(2)),
            layers.Flatten(),
            dense(),
        ]
    )


class Plain:
    """The same model in plain TensorFlow."""

    def __init__(self, kind: str) -> None:
        self.axes = len(KINDS[kind]) - 1
        weights = made(kind).get_weights()
        self.kernel1, self.bias1, self.kernel2, self.bias2, self.weight, self.last = weights

    def maps(self, x: Any, kernel: Any, bias: Any) -> Any:
        if self.axes == 1:
            return tf.nn.relu(tf.nn.conv1d(x, kernel, 1, "SAME") + bias)
        return tf.nn.relu(tf.nn.conv3d(x, kernel, [1] * 5, "SAME") + bias)

    def conv1(self, x: Any) -> Any:
        return self.maps(x, self.kernel1, self.bias1)

    def conv2(self, maps: Any) -> Any:
        return self.maps(first_of_the_largest(maps), self.kernel2, self.bias2)

    def logits(self, maps: Any) -> Any:
        return tf.reshape(maps, [len(maps), -1]) @ self.weight + self.last

    def scores(self, x: np.ndarray, classes: np.ndarray = CLASSES) -> np.ndarray:
        return tf.gather(self.logits(self.conv2(self.conv1(tf.constant(x)))), classes, batch_dims=1).numpy()

    def slopes(self, x: np.ndarray) -> np.ndarray:
        given = tf.constant(x)
        with tf.GradientTape() as tape:
            tape.watch(given)
            score = tf.gather(self.logits(self.conv2(self.conv1(given))), CLASSES, batch_dims=1)
        return tape.gradient(score, given).numpy()

    def at(self, layer: str, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Activations and the score's gradient there."""
        maps = self.conv1(tf.constant(x))
        with tf.GradientTape() as tape:
            if layer == "conv2":
                maps = self.conv2(maps)
            tape.watch(maps)
            logits = self.logits(maps if layer == "conv2" else self.conv2(maps))
            score = tf.gather(logits, CLASSES, batch_dims=1)
        return maps.numpy(), tape.gradient(score, maps).numpy()


def first_of_the_largest(maps: Any) -> Any:
    """Max pooling by 2 along every axis of places, of which the gradient goes to the first place that has the largest value.

    TensorFlow's own, outside of a graph, gives all of it to each place that ties in a volume.
    """
    sizes, channels = [size // 2 for size in maps.shape[1:-1]], maps.shape[-1]
    whole = maps[(slice(None), *(slice(2 * size) for size in sizes))]
    parts = tf.reshape(whole, [len(maps), *(part for size in sizes for part in (size, 2)), channels])
    axes = len(sizes)
    inside = [2 * axis + 2 for axis in range(axes)]
    order = [0, *(2 * axis + 1 for axis in range(axes)), 2 * axes + 1, *inside]
    windows = tf.reshape(tf.transpose(parts, order), [len(maps), *sizes, channels, 2**axes])
    return tf.reduce_sum(windows * tf.one_hot(tf.argmax(windows, axis=-1), 2**axes), axis=-1)


@pytest.fixture(scope="module", params=KINDS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def model(kind: str) -> Any:
    return made(kind)


@pytest.fixture(scope="module")
def plain(kind: str) -> Plain:
    return Plain(kind)


def over_places(values: np.ndarray) -> tuple[int, ...]:
    return tuple(range(1, values.ndim - 1))


def weighted(maps: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.einsum("b...c,bc->b...", maps, weights)


def plus_plus(maps: np.ndarray, slope: np.ndarray) -> np.ndarray:
    """Equation 19 with its powers."""
    total = maps.sum(axis=over_places(maps), keepdims=True)
    below = 2 * slope**2 + slope**3 * total
    alpha = np.divide(slope**2, below, out=np.zeros_like(slope), where=below != 0)
    return np.maximum(weighted(maps, (alpha * np.maximum(slope, 0)).sum(axis=over_places(maps))), 0)


FORMULAS: dict[Any, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    GradCAM: lambda maps, slope: np.maximum(weighted(maps, slope.mean(axis=over_places(slope))), 0),
    GradCAMPlusPlus: plus_plus,
    HiResCAM: lambda maps, slope: (maps * slope).sum(axis=-1),
    LayerCAM: lambda maps, slope: (maps * np.maximum(slope, 0)).sum(axis=-1),
}


@pytest.mark.parametrize("method", FORMULAS)
def test_class_activation_maps_are_their_formulas(method: Any, kind: str, model: Any, plain: Plain) -> None:
    """At the first convolution, so that the gradient goes through the pooling."""
    given = images(KINDS[kind])
    found = method(model, "conv1")(given, CLASSES)
    assert found.ndim == len(KINDS[kind])
    assert_equal(found, FORMULAS[method](*plain.at("conv1", given)), share=1e-4, least=1e-6)


def test_by_default_the_last_convolution_and_several_layers_in_one_pass(kind: str, model: Any, plain: Plain) -> None:
    given = images(KINDS[kind])
    last = GradCAM(model)(given, CLASSES)
    assert_equal(last, FORMULAS[GradCAM](*plain.at("conv2", given)), share=1e-4, least=1e-6)
    every = MultiLayerCAM(model)(given, CLASSES)
    assert list(every) == ["conv1", "conv2"]
    assert_equal(every["conv2"], last)
    told = Explainer(model)(given, CLASSES)
    assert_equal(told.grad_cam, last)
    assert_equal(told.saliency, Saliency(model)(given, CLASSES))


def test_maps_at_the_input_are_their_definitions(kind: str, model: Any, plain: Plain) -> None:
    given = images(KINDS[kind])
    slope = plain.slopes(given)
    assert_equal(Saliency(model)(given, CLASSES), np.abs(slope).max(axis=-1), share=1e-4)
    assert_equal(InputXGradient(model)(given, CLASSES), (given * slope).sum(axis=-1), share=1e-4)


def test_integrated_gradients_as_a_loop(kind: str, model: Any, plain: Plain) -> None:
    given, blank = images(KINDS[kind]), np.float32(0.25)
    total = sum(plain.slopes(blank + np.float32((step + 0.5) / 5) * (given - blank)) for step in range(5))
    expected = ((given - blank) * total / 5).sum(axis=-1)
    complete = IntegratedGradients(model, steps=5, baseline=0.25).with_gap(given, CLASSES)
    assert_equal(complete.maps, expected, share=1e-4)
    promised = plain.scores(given) - plain.scores(np.full_like(given, blank))
    np.testing.assert_allclose(complete.expected, promised, rtol=1e-3, atol=1e-4)


def test_smooth_grad_as_a_loop(kind: str, model: Any, plain: Plain) -> None:
    given = images(KINDS[kind])
    noise = np.random.default_rng(3).standard_normal((4, *KINDS[kind]), dtype=np.float32)
    sizes = np.float32(0.2) * np.array([np.ptp(each) for each in given]).reshape(-1, *[1] * len(KINDS[kind]))
    mean = sum(plain.slopes((given + sizes * each).astype(np.float32)) for each in noise) / 4
    assert_equal(SmoothGrad(model, 4, 0.2, 3)(given, CLASSES), np.abs(mean).max(axis=-1), share=1e-3)


def test_occlusion_as_a_loop(kind: str, model: Any, plain: Plain) -> None:
    given, sizes, patch, stride = images(KINDS[kind]), KINDS[kind][:-1], 3, 2
    starts = [sorted({*range(0, size - patch + 1, stride), size - patch}) for size in sizes]
    drops, times = np.zeros((3, *sizes)), np.zeros(sizes)
    for corner in itertools.product(*starts):
        place = tuple(slice(start, start + patch) for start in corner)
        covered = given.copy()
        covered[(slice(None), *place)] = 0.5
        drop = plain.scores(given) - plain.scores(covered)
        drops[(slice(None), *place)] += drop.reshape(-1, *[1] * len(sizes))
        times[place] += 1
    assert times.min() >= 1
    explain = Occlusion(model, patch, stride, 0.5)
    assert_equal(explain(given, CLASSES), drops / times, share=1e-3)
    assert_equal(explain(given, CLASSES, batch_size=5), drops / times, share=1e-3)
    assert len(Patches(sizes, patch, stride)) == np.prod([len(each) for each in starts])


def masks_again(sizes: tuple[int, ...], count: int, grid: int, seed: int) -> np.ndarray:
    """Section 3.3 another way: NumPy's interpolation along one axis after the other."""
    draw, cells, made = np.random.default_rng(seed), [-(-size // grid) for size in sizes], []
    for _ in range(count):
        mask = (draw.random((grid,) * len(sizes)) < 0.5).astype(float)
        shifts = [draw.integers(cell) for cell in cells]
        for axis, (cell, shift, size) in enumerate(zip(cells, shifts, sizes, strict=True)):
            at = (np.arange((grid + 1) * cell) + 0.5) * grid / ((grid + 1) * cell) - 0.5
            line = at[shift : shift + size]
            mask = np.apply_along_axis(lambda values, where=line: np.interp(where, np.arange(grid), values), axis, mask)
        made.append(mask)
    return np.float32(made)


def test_rise_as_a_loop(kind: str, model: Any, plain: Plain) -> None:
    given, sizes = images(KINDS[kind]), KINDS[kind][:-1]
    masks = masks_again(sizes, 20, 3, 5)
    assert masks.std() > 0 and not np.allclose(masks[0], masks[1])
    scored = [plain.scores(given * mask[..., np.newaxis]) for mask in masks]
    expected = np.einsum("nb,n...->b...", scored, masks) / (0.5 * 20)
    assert_equal(RISE(model, 20, 3, 5)(given, CLASSES), expected, share=1e-3)


def test_masks_made_some_at_a_time_are_those_made_at_once(
    kind: str, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, sizes = images(KINDS[kind]), KINDS[kind][:-1]
    whole = RISE(model, 30, 3, 5)(given, CLASSES)
    monkeypatch.setattr(rise, "_WHOLE_BYTES", 0)
    assert_equal(RISE(model, 30, 3, 5)(given, CLASSES, batch_size=7), whole, share=1e-4)
    masks = RandomMasks(30, 3, sizes, 5)
    np.testing.assert_array_equal(masks[10:13], masks[:][10:13])


@pytest.mark.parametrize(
    ("sizes", "at"), [((12,), (slice(4, 7),)), ((5, 6, 7), (slice(1, 3), slice(2, 4), slice(5, 7)))]
)
def test_a_planted_stretch_or_block_is_found_to_the_place(sizes: tuple[int, ...], at: tuple[slice, ...]) -> None:
    model, given = planted(sizes, at), np.random.default_rng(0).random((2, *sizes, 1), dtype=np.float32) + 0.1
    expected = np.zeros((2, *sizes), np.float32)
    expected[(slice(None), *at)] = given[(slice(None), *at, 0)]  # each place adds its own value
    for method in (HiResCAM(model), IntegratedGradients(model, 3), InputXGradient(model), Occlusion(model, 1, 1)):
        np.testing.assert_allclose(method(given, 0), expected, rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(method(given, 1), -expected, rtol=1e-4, atol=1e-5)
    seen = RISE(model, 300, 4)(given, 0)
    inside = expected > 0
    assert np.mean([each[where].mean() - each[~where].mean() for each, where in zip(seen, inside, strict=True)]) > 0.1


def test_the_layers_behind_a_convolution_of_a_series_have_maps() -> None:
    """Conv1D, normalisation, activation, as residual networks for series have them; a global pooling after it has none."""
    model = keras.Sequential(
        [
            keras.Input((14, 2)),
            layers.Conv1D(4, 3, name="conv", **seeded(1)),
            layers.BatchNormalization(name="norm"),
            layers.ReLU(name="relu"),
            layers.GlobalAveragePooling1D(name="mean"),
            dense(),
        ]
    )
    given = images((14, 2))
    shown = keras.Model(model.inputs[0], model.get_layer("relu").output)(given).numpy()
    weights = model.layers[-1].get_weights()[0][:, CLASSES].T / 12  # d score / d place, the same at each of 12
    assert_equal(GradCAM(model, "relu")(given, CLASSES), np.maximum(weighted(shown, weights), 0), share=1e-4)
    assert_equal(HiResCAM(model, "relu")(given, CLASSES), weighted(shown, weights), share=1e-4)
    with pytest.raises(ValueError, match="a map of places"):
        GradCAM(model, "mean")


def test_tokens_have_no_order_that_a_map_could_show() -> None:
    model = keras.Sequential(
        [keras.Input((12, 3)), layers.Dense(4, name="tokens"), layers.GlobalAveragePooling1D(), dense()]
    )
    with pytest.raises(ValueError, match="a map of places"):
        GradCAM(model, "tokens")(images((12, 3)))


@pytest.mark.parametrize("shape", [(8,), (4, 5)])
def test_places_without_a_channel_are_varied_too(shape: tuple[int, ...]) -> None:
    """A vector and a grey picture: logit = sum of weight times value, so each place's drop is its product."""
    model = keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(2, use_bias=False)])
    weights = np.arange(2 * np.prod(shape), dtype=np.float32).reshape(-1, 2)
    model.set_weights([weights])
    given = images(shape)
    expected = given * weights[:, 1].reshape(shape)
    np.testing.assert_allclose(Occlusion(model, 1, 1)(given, 1), expected, rtol=1e-4, atol=1e-4)


def test_words_are_refused_as_no_mask_between_two_of_them_means_anything() -> None:
    model = keras.Sequential(
        [keras.Input((9,), dtype="int32"), layers.Embedding(20, 4), layers.GlobalAveragePooling1D(), dense()]
    )
    tokens = np.random.default_rng(0).integers(20, size=(2, 9)).astype(np.int32)
    for method in (RISE(model), Occlusion(model)):
        with pytest.raises(ValueError, match=r"Received \(B, T\) of int32"):
            method(tokens)


def test_a_patch_that_does_not_fit_is_told_in_the_input_s_own_size(kind: str, model: Any) -> None:
    with pytest.raises(ValueError, match=r"fits the image, .*Received 20.*Give patch="):
        Occlusion(model, 20, 2)(images(KINDS[kind]))
