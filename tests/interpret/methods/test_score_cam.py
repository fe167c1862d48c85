"""Score-CAM: by hand, as loops, laws, null and planted, refusals, and what tf-keras-vis does instead."""

import warnings

import numpy as np
import pytest
from hand_set_models import linear_cam_model, random_cnn, random_images

from featurelens.interpret import MultiLayerScoreCAM, ScoreCAM
from featurelens.interpret.maps.resampling import interpolation_matrix
from featurelens.interpret.methods.score_cam import masks_of, most_varied

pytestmark = pytest.mark.numeric


def test_by_hand():
    # channels a = x and b = -x of the 1x2 image (0, 2); logit 0 = a0 + a1 + 0.5 * (b0 + b1) = 0.5 * (x0 + x1)
    # H_a = (0, 1): x * H_a = (0, 2), logit 1, alpha = 1.   H_b = (1, 0): x * H_b = (0, 0), alpha = 0.
    # map = ReLU(1 * (0, 2) + 0 * (0, -2)) = (0, 2)
    weights = np.zeros((1, 2, 2, 2))
    weights[..., 0, 0], weights[..., 1, 0] = 1, 0.5
    model = linear_cam_model([[1.0, -1.0]], weights)
    image = np.array([[[[0.0], [2.0]]]], np.float32)
    np.testing.assert_allclose(ScoreCAM(model, "conv")(image, 0)[0, 0], [0, 2], rtol=1e-6)
    # "class 1 rather than 0" turns the score around: alpha = -1, nothing positive is left
    np.testing.assert_array_equal(ScoreCAM(model, "conv")(image, 1, versus=0), 0)


def test_the_black_images_score_is_taken_off():
    # a bias of 7 on the logit must not weight anything: the constant model has an empty map
    import keras

    model = keras.Sequential(
        [
            keras.Input((2, 2, 1)),
            keras.layers.Conv2D(1, 1, name="conv"),
            keras.layers.Flatten(),
            keras.layers.Dense(1, name="dense"),
        ]
    )
    model.set_weights([np.ones((1, 1, 1, 1)), np.zeros(1), np.zeros((4, 1)), np.array([7.0])])
    np.testing.assert_allclose(ScoreCAM(model, "conv")(random_images(0, 1, size=2, channels=1), 0), 0, atol=1e-6)


@pytest.mark.parametrize("layer", ["conv1", "conv2"])
def test_as_loops(layer):
    import keras

    model, images = random_cnn(1, head=None), random_images(1, 3)
    part = keras.Sequential(model.layers[: [each.name for each in model.layers].index(layer) + 1])
    activations = np.asarray(part(images))
    enlarge = interpolation_matrix(activations.shape[1], 6)
    expected = np.zeros(activations.shape[:3])
    for b in range(3):
        black = float(np.asarray(model(np.zeros((1, 6, 6, 2))))[0, 1])
        for k in range(activations.shape[-1]):
            mask = enlarge @ activations[b, :, :, k] @ enlarge.T
            mask = (mask - mask.min()) / (mask.max() - mask.min()) if np.ptp(mask) else 0 * mask
            score = float(np.asarray(model((images[b] * mask[:, :, np.newaxis])[np.newaxis]))[0, 1])
            expected[b] += (score - black) * activations[b, :, :, k]
    assert expected.max() > 0.1
    np.testing.assert_allclose(ScoreCAM(model, layer)(images, 1), np.maximum(expected, 0), rtol=1e-4, atol=1e-5)


def test_fewer_channels_are_the_most_varied_of_each_image():
    activations = np.zeros((2, 1, 2, 3), np.float32)
    activations[0, 0, :, 1], activations[0, 0, :, 2] = [0, 4], [0, 1]  # spread 2, 0.5, and 0 for channel 0
    activations[1, 0, :, 0] = [0, 9]
    np.testing.assert_array_equal(most_varied(activations, 1)[:, :, 0], [[[0, 4]], [[0, 9]]])
    model, images = random_cnn(2), random_images(2, 2)
    whole = ScoreCAM(model)(images, 0)
    np.testing.assert_allclose(ScoreCAM(model, max_channels=5)(images, 0), whole, rtol=1e-4, atol=1e-5)
    assert np.abs(ScoreCAM(model, max_channels=2)(images, 0) - whole).max() > 1e-3


def test_masks_run_from_zero_to_one_and_a_constant_one_is_zero():
    masks = masks_of(np.array([[[1.0, 3.0]], [[5.0, 5.0]]], np.float32), (2, 2))
    np.testing.assert_allclose(masks, [[[0, 1], [0, 1]], [[0, 0], [0, 0]]])


def test_the_map_depends_on_neither_batch_size_nor_the_other_images():
    explain, images = ScoreCAM(random_cnn(3)), random_images(3, 5)
    maps = explain(images)
    assert maps.shape == (5, 3, 3) and maps.dtype == np.float32 and maps.max() > 0
    for batch_size in (1, 7):
        np.testing.assert_allclose(explain(images, batch_size=batch_size), maps, rtol=1e-4, atol=1e-5)
    singles = np.concatenate([explain(image[np.newaxis]) for image in images])
    np.testing.assert_allclose(singles, maps, rtol=1e-4, atol=1e-5)


def test_null_and_planted():
    # channel k fires at place k alone (one-hot image); class 0 listens to channel 2, class 1 to nothing
    weights = np.zeros((2, 2, 4, 2))
    weights[:, :, 2, 0] = 1
    explain = ScoreCAM(linear_cam_model(np.eye(4), weights, "relu", "softmax"), "conv")
    images = np.eye(4, dtype=np.float32).reshape(1, 2, 2, 4)
    np.testing.assert_allclose(explain(images, 0).reshape(-1), [0, 0, 1, 0], atol=1e-6)
    np.testing.assert_array_equal(explain(images, 1), 0)


def test_refusals():
    with pytest.raises(ValueError, match="Give max_channels=1 or more"):
        ScoreCAM(random_cnn(4), max_channels=0)
    with pytest.raises(ValueError, match="Choose one of those that have a map"):
        ScoreCAM(random_cnn(4), "dense")


# ---- several layers


def test_several_layers_by_hand():
    # x = (0, 2); 'first' a = x; 'second' b = 2x, c = -x; logit = 0.5 * (b0 + b1) + 7 = x0 + x1 + 7, 7 of the black image
    # first:  H_a = (0, 1), x * H_a = (0, 2), alpha = 9 - 7 = 2, map = 2 * (0, 2)
    # second: H_b = (0, 1), alpha = 2; H_c = (1, 0), x * H_c = (0, 0), alpha = 0; map = 2 * (0, 4) + 0 * (0, -2)
    import keras

    model = keras.Sequential(
        [
            keras.Input((1, 2, 1)),
            keras.layers.Conv2D(1, 1, use_bias=False, name="first"),
            keras.layers.Conv2D(2, 1, use_bias=False, name="second"),
            keras.layers.Flatten(),
            keras.layers.Dense(1, name="logits"),
        ]
    )
    second, dense = np.reshape([2, -1], (1, 1, 1, 2)), np.reshape([0.5, 0, 0.5, 0], (4, 1))
    model.set_weights([np.ones((1, 1, 1, 1)), second, dense, np.array([7.0])])
    maps = MultiLayerScoreCAM(model)(np.array([[[[0.0], [2.0]]]], np.float32))
    assert list(maps) == ["first", "second"]
    np.testing.assert_allclose(maps["first"], [[[0, 4]]], rtol=1e-6)
    np.testing.assert_allclose(maps["second"], [[[0, 8]]], rtol=1e-6)


@pytest.mark.parametrize("most", [None, 2])
def test_several_layers_equal_each_alone_in_the_order_asked_for(most):
    model, images, names = random_cnn(6), random_images(6, 5), ["pool1", "conv2", "conv1"]
    together = MultiLayerScoreCAM(model, names, most)
    maps = together(images, 1, versus=0)
    assert list(maps) == names
    for layer, each in maps.items():
        assert each.max() > 0.01 and each.dtype == np.float32
        np.testing.assert_allclose(each, ScoreCAM(model, layer, most)(images, 1, versus=0), rtol=1e-5, atol=1e-6)
    for batch_size in (1, 7, 40):  # 7: a batch holds the last channels of one layer and the first of the next
        others = together(images, 1, versus=0, batch_size=batch_size)
        for layer, each in maps.items():
            np.testing.assert_allclose(others[layer], each, rtol=1e-4, atol=1e-5)


def test_fewer_channels_of_several_layers_are_other_maps():
    model, images = random_cnn(6), random_images(6, 2)
    whole, fewer = (MultiLayerScoreCAM(model, max_channels=n)(images, 1, versus=0) for n in (None, 2))
    assert list(whole) == list(fewer) == ["conv1", "conv2"]
    for layer, maps in whole.items():
        assert np.abs(fewer[layer] - maps).max() > 1e-3


def test_several_layers_share_their_runs():
    import keras
    import tensorflow as tf

    rows = []

    class Counter(keras.layers.Layer):
        def call(self, x):
            counted = tf.numpy_function(lambda a: (rows.append(len(a)), a)[1], [x], tf.float32)
            return tf.ensure_shape(counted, x.shape)

    model = random_cnn(7)
    explain, told = MultiLayerScoreCAM(keras.Sequential([keras.Input((6, 6, 2)), Counter(), *model.layers])), []
    image = random_images(7, 1)
    explain(image)  # the first call proves the logits, too
    rows.clear()
    explain(image, batch_size=9, progress=lambda _, *steps: told.append(steps))
    assert rows == [1, 1, 9]  # as it is, black, and all of the 4 + 5 channels in one batch
    assert told == [(1, 1)]


def test_refusals_at_several_layers():
    model = random_cnn(8)
    with pytest.raises(ValueError, match="Did you mean 'conv2'"):
        MultiLayerScoreCAM(model, ["conv1", "cnov2"])
    with pytest.raises(ValueError, match="Choose one of those that have a map: conv1"):
        MultiLayerScoreCAM(model, ["conv1", "dense"])
    with pytest.raises(ValueError, match="leave layers= out"):
        MultiLayerScoreCAM(model, [])
    with pytest.raises(ValueError, match="Give max_channels=1 or more"):
        MultiLayerScoreCAM(model, max_channels=0)
    with pytest.raises(ValueError, match="use one of their numbers"):
        MultiLayerScoreCAM(model)(random_images(8, 1), 3)


# ---- tf-keras-vis


def test_tf_keras_vis_takes_a_softmax_of_the_answer():
    # It weights channels by softmax(model(x * H)): on a model that ends in softmax that is a softmax of a softmax, within
    # 0.21 and 0.58 for three classes whatever the model says. Given a model that answers logits and, as its score, the
    # log-ratio of two of these probabilities (the difference of the two logits) it agrees with ours: there it is right.
    import keras

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from tf_keras_vis.scorecam import Scorecam

        draw = np.random.default_rng(5)
        image = answer = keras.Input((4, 4, 2))
        answer = keras.layers.Conv2D(3, 1, use_bias=False, activation="relu", name="conv")(answer)
        answer = keras.layers.Dense(3, use_bias=False)(keras.layers.Flatten()(answer))
        logits, model = keras.Model(image, answer), keras.Model(image, keras.layers.Softmax()(answer))
        logits.set_weights([draw.normal(size=weights.shape) for weights in logits.get_weights()])
        images = random_images(5, 2, size=4)
        seen = []

        def ratio(probabilities):
            seen.append(np.asarray(probabilities))
            return np.log(seen[-1][:, 1] / seen[-1][:, 0])

        options = {"penultimate_layer": "conv", "expand_cam": False, "normalize_cam": False}
        right = np.asarray(Scorecam(logits)(ratio, images, **options))
        seen.clear()
        Scorecam(model)(ratio, images, **options)
    assert right.max() > 0.1
    np.testing.assert_allclose(ScoreCAM(model, "conv")(images, 1, versus=0), right, rtol=1e-3, atol=1e-4)
    assert np.min(seen) > 0.21 and np.max(seen) < 0.58
    assert np.ptp(np.asarray(model(images))) > 0.5
