"""Places are places: whatever the form of the input and the layout of the layers, a map has the axes of its places."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from oracle import assert_equal
from small_models import SHAPE, conv, dense, images, seeded

from featurelens.interpret import (
    RISE,
    ActivationExtractor,
    Explainer,
    GradCAM,
    GradCAMPlusPlus,
    GuidedBackpropagation,
    HiResCAM,
    InputXGradient,
    IntegratedGradients,
    LayerCAM,
    LayerwiseRelevance,
    Occlusion,
    Saliency,
    ScoreCAM,
    SmoothGrad,
    channels,
    inspect_model,
)
from featurelens.interpret.tracing.batched_graph import Program
from featurelens.interpret.tracing.traced_model import TracedModel

layers, ops = keras.layers, keras.ops
pytestmark = pytest.mark.numeric
CLASSES = np.array([1, 0, 1])


def laid_out(data_format: str) -> Any:
    """Two convolutions with batch normalisation and pooling between; one set of weights for both layouts."""
    first = data_format == "channels_first"
    form = {"padding": "same", "data_format": data_format}
    model = keras.Sequential(
        [
            keras.Input((3, 8, 8) if first else SHAPE),
            layers.Conv2D(4, 3, name="conv1", **form, **seeded(1)),
            layers.BatchNormalization(axis=1 if first else -1, name="norm"),
            layers.ReLU(name="relu"),
            layers.MaxPooling2D(data_format=data_format, name="pool"),
            layers.Conv2D(5, 3, name="conv2", activation="relu", **form, **seeded(2)),
            layers.Flatten(data_format=data_format, name="flatten"),
            dense(),
        ]
    )
    model.get_layer("norm").set_weights([np.float32([1, 2, 1, 0.5]) * k for k in (1, 0.1, 0.2)] + [np.full(4, 0.3)])
    return model


@pytest.fixture(scope="module")
def channels_first_runs() -> None:
    """On a processor, TensorFlow has kernels for channels-first convolutions in oneDNN alone."""
    try:
        tf.nn.conv2d(tf.zeros((1, 1, 3, 3)), tf.zeros((2, 2, 1, 1)), 1, "VALID", data_format="NCHW")
    except (tf.errors.UnimplementedError, tf.errors.InvalidArgumentError):
        pytest.skip(
            "this TensorFlow has no kernel for channels-first convolutions here (oneDNN off, or none for the processor)"
        )


@pytest.fixture(scope="module")
def both(channels_first_runs: None) -> tuple[Any, Any]:
    return laid_out("channels_first"), laid_out("channels_last")


def first(pictures: np.ndarray) -> np.ndarray:
    return np.moveaxis(pictures, 3, 1)


@pytest.mark.parametrize(
    "make",
    [
        Saliency,
        InputXGradient,
        IntegratedGradients,
        GradCAM,
        GradCAMPlusPlus,
        HiResCAM,
        LayerCAM,
        lambda model: GradCAM(model, "relu"),
        lambda model: GradCAM(model, "norm"),
        lambda model: LayerCAM(model, "pool"),
        lambda model: SmoothGrad(model, noise=0),
        GuidedBackpropagation,
    ],
)
def test_channels_first_has_the_maps_of_channels_last(make: Callable[[Any], Any], both: tuple[Any, Any]) -> None:
    """The same weights, the other layout: the maps are the same, [B,h,w] at the layer's real places."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        turned, plain = (make(model) for model in both)
    assert_equal(turned(first(images()), CLASSES), plain(images(), CLASSES))


@pytest.mark.parametrize("make", [Occlusion, RISE, ScoreCAM])
def test_what_varies_pictures_refuses_channels_first_by_its_axes(make: Callable[[Any], Any], both: Any) -> None:
    with pytest.raises(ValueError, match=r"shape \(B, H, W, C\).*Received \(B, C, H, W\)"):
        make(both[0])(first(images()))


def test_channels_first_everything_else(both: tuple[Any, Any]) -> None:
    turned, plain = both
    found, expected = Explainer(turned)(first(images()), CLASSES), Explainer(plain)(images(), CLASSES)
    assert_equal(found.grad_cam, expected.grad_cam)
    for name, activations in expected.activations.items():
        assert_equal(found.activations[name], activations)
    assert_equal(ActivationExtractor(turned, ["norm"])(first(images()))["norm"], expected.activations["norm"])
    verdict, other = inspect_model(turned, first(images())), inspect_model(plain)
    for layer, known in zip(verdict.layers, other.layers, strict=True):
        assert (layer.output_shape, layer.spatial) == (known.output_shape, known.spatial)
        assert layer.receptive_field is None
    assert verdict.axes == "(B, C, H, W)"
    assert verdict.cam_layer == "conv2"
    with pytest.raises(ValueError, match=r"conv2' has data_format='channels_first'.*channels_last"):
        channels(turned, first(images()), CLASSES)
    with pytest.raises(ValueError, match=r"Layer 'conv1' puts out \(B, C, H, W\).*Use InputXGradient"):
        LayerwiseRelevance(turned)


def test_channels_first_by_keras_own_setting(channels_first_runs: None) -> None:
    keras.config.set_image_data_format("channels_first")
    try:
        model = keras.Sequential(
            [keras.Input((3, 8, 8)), layers.Conv2D(4, 3, name="conv1", **seeded(1)), layers.Flatten(), dense()]
        )
        found = GradCAM(model)(first(images()), CLASSES)
    finally:
        keras.config.set_image_data_format("channels_last")
    plain = keras.Sequential(
        [keras.Input(SHAPE), layers.Conv2D(4, 3, name="conv1", **seeded(1)), layers.Flatten(), dense()]
    )
    assert_equal(found, GradCAM(plain)(images(), CLASSES))


def grey_with(layer: Any) -> Any:
    image = keras.Input((8, 8))
    return keras.Model(image, dense()(layers.Flatten()(layers.Conv2D(4, 3, name="conv1", **seeded(1))(layer(image)))))


FORMS: dict[str, tuple[Callable[[], Any], tuple[int, ...], int | None]] = {  # model, image, its channel axis
    "grey, reshaped": (lambda: grey_with(layers.Reshape((8, 8, 1))), (8, 8), None),
    "grey, by ops": (lambda: grey_with(lambda image: ops.expand_dims(image, -1)), (8, 8), None),
    "grey, flattened": (lambda: keras.Sequential([keras.Input((8, 8)), layers.Flatten(), dense()]), (8, 8), None),
    "vector": (lambda: keras.Sequential([keras.Input((16,)), dense(8, "tanh", "a"), dense()]), (16,), None),
    "waveform": (
        lambda: keras.Sequential([keras.Input((32, 1)), layers.Conv1D(4, 3, **seeded(1)), layers.Flatten(), dense()]),
        (32, 1),
        2,
    ),
    "sequence": (lambda: keras.Sequential([keras.Input((12, 3)), layers.LSTM(5), dense()]), (12, 3), 2),
    "volume": (
        lambda: keras.Sequential(
            [keras.Input((5, 6, 7, 2)), layers.Conv3D(4, 3, **seeded(1)), layers.Flatten(), dense()]
        ),
        (5, 6, 7, 2),
        4,
    ),
    "spectrogram made inside": (
        lambda: keras.Sequential(
            [
                keras.Input((64,)),
                layers.Lambda(lambda wave: tf.abs(tf.signal.stft(wave, 16, 8))[..., tf.newaxis]),
                layers.Conv2D(4, 3, activation="relu", name="conv1", **seeded(1)),
                layers.Flatten(),
                dense(),
            ]
        ),
        (64,),
        None,
    ),
}


@pytest.mark.parametrize("kind", FORMS)
def test_maps_at_the_input_have_its_places(kind: str) -> None:
    """Held against GradientTape through the model's own call, and the axes named here."""
    make, shape, channel = FORMS[kind]
    model, given = make(), images(shape)
    model.layers[-1].activation = keras.activations.linear  # the answer is the score
    x = tf.constant(given)
    with tf.GradientTape() as tape:
        tape.watch(x)
        score = tf.gather(model(x), CLASSES, batch_dims=1)
    slope = tape.gradient(score, x).numpy()
    over = (lambda values, how: values) if channel is None else (lambda values, how: how(values, axis=channel))
    assert_equal(Saliency(model)(given, CLASSES), over(np.abs(slope), np.max), least=1e-5)
    assert_equal(InputXGradient(model)(given, CLASSES), over(given * slope, np.sum), least=1e-5)
    assert_equal(SmoothGrad(model, noise=0)(given, CLASSES), over(np.abs(slope), np.max), share=1e-4, least=1e-5)
    with pytest.raises(ValueError, match=r"shape \(B, H, W, C\)"):
        ScoreCAM(model)(given, CLASSES)


def test_axes_are_said() -> None:
    said = {}
    for kind, (make, _, _) in FORMS.items():
        program = Program(TracedModel(make()), lambda taps, scores: {})
        assert program.axes is not None
        said[kind] = program.axes.words
    assert said == {
        "grey, reshaped": "(B, H, W)",
        "grey, by ops": "(B, H, W)",
        "grey, flattened": "(B, H, W)",
        "vector": "(B, T)",
        "waveform": "(B, T, C)",
        "sequence": "(B, T, C)",
        "volume": "(B, D, H, W, C)",
        "spectrogram made inside": "(B, T)",
    }


@pytest.mark.parametrize("kind", FORMS)
def test_inspection_names_what_refuses_the_model_and_nothing_else(kind: str) -> None:
    """Held against what the methods do; a layer has 'yes' under 'map' where Grad-CAM can be taken at it."""
    make, shape, _ = FORMS[kind]
    model, given = make(), images(shape, count=1)
    known = inspect_model(model, given)
    tried = {
        "Occlusion": lambda: Occlusion(model),
        "RISE": lambda: RISE(model, masks=4),
        "Score-CAM": lambda: ScoreCAM(model),
    }
    for name, method in tried.items():
        said = any(name in sentence for sentence in known.refused)
        assert said == refuses(lambda method=method: method()(given, 0)), name
    for layer in known.layers:
        assert layer.mapped != refuses(lambda name=layer.name: GradCAM(model, name)(given, 0)), layer.name


def refuses(work: Callable[[], Any]) -> bool:
    """Whether a ValueError is raised."""
    try:
        work()
    except ValueError:
        return True
    return False


def film_by_frames() -> Any:
    """A convolution on each frame, with the film as one batch of frames by hand."""
    return keras.Sequential(
        [
            keras.Input((4, 8, 8, 3)),
            layers.TimeDistributed(layers.Conv2D(5, 3, activation="relu", name="inner", **seeded(1)), name="frames"),
            layers.TimeDistributed(layers.GlobalAveragePooling2D()),
            layers.Flatten(),
            dense(),
        ]
    )


def test_a_film_has_a_map_for_each_frame() -> None:
    model, film = film_by_frames(), images((4, 8, 8, 3))
    found = GradCAM(model)(film, CLASSES)
    kernel, bias, weight, last = (tf.constant(array) for array in model.get_weights())
    with tf.GradientTape() as tape:
        frames = tf.reshape(tf.constant(film), [-1, 8, 8, 3])
        maps = tf.reshape(tf.nn.relu(tf.nn.conv2d(frames, kernel, 1, "VALID") + bias), [3, 4, 6, 6, 5])
        tape.watch(maps)
        scores = tf.reshape(tf.reduce_mean(maps, (2, 3)), [3, -1]) @ weight + last
        score = tf.gather(scores, CLASSES, batch_dims=1)
    alpha = tape.gradient(score, maps).numpy().mean(axis=(1, 2, 3))
    assert_equal(found, np.maximum(np.einsum("bthwc,bc->bthw", maps.numpy(), alpha), 0), least=1e-5)
    assert Saliency(model)(film, CLASSES).shape == film.shape[:4]


def test_a_model_on_each_frame_has_a_map_for_each_frame() -> None:
    """A convolution inside of the model that runs on each frame, and not the last frame's alone."""
    inner = keras.Sequential(
        [keras.Input((8, 8, 3)), conv("inner", 5, 1), layers.GlobalAveragePooling2D(name="mean")], name="each"
    )
    model = keras.Sequential([keras.Input((4, 8, 8, 3)), layers.TimeDistributed(inner), layers.Flatten(), dense()])
    film = images((4, 8, 8, 3))
    kernel, bias, weight, last = (tf.constant(array) for array in model.get_weights())
    with tf.GradientTape() as tape:
        maps = tf.nn.relu(tf.nn.conv2d(tf.reshape(film, [-1, 8, 8, 3]), kernel, 1, "SAME") + bias)
        maps = tf.reshape(maps, [3, 4, *maps.shape[1:]])
        tape.watch(maps)
        score = tf.gather(tf.reshape(tf.reduce_mean(maps, (2, 3)), [3, -1]) @ weight + last, CLASSES, batch_dims=1)
    alpha = tape.gradient(score, maps).numpy().mean(axis=(1, 2, 3))
    found = Explainer(model, ["inner", "mean"])(film, CLASSES)
    assert_equal(found.activations["inner"], maps.numpy())
    assert_equal(found.activations["mean"], maps.numpy().mean(axis=(2, 3)))
    assert_equal(found.grad_cam, np.maximum(np.einsum("bthwc,bc->bthw", maps.numpy(), alpha), 0), least=1e-5)
    assert inspect_model(model, film).cam_layer == "inner"


@pytest.mark.parametrize("sequences", [True, False])
def test_a_recurrent_convolution(sequences: bool) -> None:
    """All frames where the layer gives all; the cell, which runs for its shape only, is never the default."""
    again = keras.initializers.Orthogonal(seed=1)
    last = layers.ConvLSTM2D(
        4, 3, return_sequences=sequences, recurrent_initializer=again, name="recurrent", **seeded(1)
    )
    model = keras.Sequential([keras.Input((4, 8, 8, 3)), last, layers.Flatten(), dense()])
    film = images((4, 8, 8, 3))
    tail = keras.Sequential([keras.Input(last.output.shape[1:]), *model.layers[1:]])
    tail.layers[-1].activation = keras.activations.linear
    with tf.GradientTape() as tape:
        maps = tf.convert_to_tensor(last(film))
        tape.watch(maps)
        score = tf.gather(tail(maps), CLASSES, batch_dims=1)
    slope = tape.gradient(score, maps).numpy()
    alpha = slope.reshape(3, -1, 4).mean(axis=1)
    model.layers[-1].activation = keras.activations.softmax
    expected = np.maximum(np.einsum("b...c,bc->b...", maps.numpy(), alpha), 0)
    assert_equal(GradCAM(model)(film, CLASSES), expected)
    assert inspect_model(model, film).cam_layer == "recurrent"


@pytest.mark.parametrize(
    ("shape", "turned", "rest", "kept"),
    [
        ((3, 8, 6), (2, 3, 1), [conv("conv", 4, 1)], (8, 6)),
        ((3, 9), (2, 1), [keras.layers.LSTM(4, kernel_initializer=seeded(1)["kernel_initializer"])], (9,)),
    ],
)
def test_a_model_that_turns_its_channel_to_the_end_has_maps_of_places(shape, turned, rest, kept) -> None:
    inner = keras.Sequential(
        [keras.Input(tuple(shape[axis - 1] for axis in turned)), *rest, keras.layers.Flatten(), dense()]
    )
    outer = keras.Sequential([keras.Input(shape), keras.layers.Permute(turned), inner])
    given = images(shape)
    expected = Saliency(inner)(np.transpose(given, (0, *turned)), 1)
    found = Saliency(outer)(given, 1)
    assert found.shape == (3, *kept)
    assert_equal(found, expected)
