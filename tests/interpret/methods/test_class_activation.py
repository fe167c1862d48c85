"""The CAM family: answers by hand, definitions as loops, laws, null and planted cases, refusals, and tf-keras-vis."""

import warnings

import numpy as np
import pytest
from hand_set_models import linear_cam_model, random_cnn, random_images

from featurelens.interpret import GradCAM, GradCAMPlusPlus, HiResCAM, LayerCAM, MultiLayerCAM
from featurelens.interpret.methods.class_activation import grad_cam, grad_cam_plus_plus, hi_res_cam, layer_cam

pytestmark = pytest.mark.numeric

METHODS = [GradCAM, GradCAMPlusPlus, HiResCAM, LayerCAM]
FORMULAS = {GradCAM: grad_cam, GradCAMPlusPlus: grad_cam_plus_plus, HiResCAM: hi_res_cam, LayerCAM: layer_cam}

# One channel on 1x2 places. A = x (kernel 1), logits: class 0 = 2*a0 - 1*a1, class 1 = 0.
IMAGE = np.array([[[[3.0], [1.0]]]], np.float32)
WEIGHTS = np.array([[[[2.0, 0.0]], [[-1.0, 0.0]]]], np.float32)

# By hand, with A = (3, 1) and g = (2, -1):
#   Grad-CAM    alpha = (2 - 1) / 2 = 0.5                       map = 0.5 * (3, 1)
#   Grad-CAM++  sum of A = 4; alpha_0 = 1 / (2 + 2*4) = 0.1; ReLU(g) = (2, 0); w = 0.1 * 2 = 0.2; map = 0.2 * (3, 1)
#   HiResCAM    g * A = (6, -1)
#   LayerCAM    ReLU(g) * A = (6, 0)
BY_HAND = {
    GradCAM: [1.5, 0.5],
    GradCAMPlusPlus: [0.6, 0.2],
    HiResCAM: [6.0, -1.0],
    LayerCAM: [6.0, 0.0],
}


@pytest.mark.parametrize("method", METHODS)
def test_by_hand(method):
    model = linear_cam_model([[1.0]], WEIGHTS)
    np.testing.assert_allclose(method(model, "conv")(IMAGE, 0)[0, 0], BY_HAND[method], rtol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_by_hand_against_another_class(method):
    # class 1's logit is 0 everywhere, so "0 rather than 1" is class 0; "1 rather than 0" has g = (-2, 1):
    # Grad-CAM: alpha = -0.5, all negative -> 0. Grad-CAM++: alpha_1 = 1 / (2 + 1*4), w = 1/6, map = (3, 1) / 6.
    # HiResCAM: (-6, 1). LayerCAM: (0, 1).
    model = linear_cam_model([[1.0]], WEIGHTS)
    expected = {
        GradCAM: [0.0, 0.0],
        GradCAMPlusPlus: [0.5, 1 / 6],
        HiResCAM: [-6.0, 1.0],
        LayerCAM: [0.0, 1.0],
    }[method]
    cam = method(model, "conv")
    np.testing.assert_allclose(cam(IMAGE, 0, versus=1)[0, 0], BY_HAND[method], rtol=1e-6)
    np.testing.assert_allclose(cam(IMAGE, 1, versus=0)[0, 0], expected, rtol=1e-6)


def _loops(method, a, g):
    height, width, channels = a.shape
    places = [(i, j) for i in range(height) for j in range(width)]
    out = np.zeros((height, width))
    for k in range(channels):
        total = sum(a[i, j, k] for i, j in places)
        mean = sum(g[i, j, k] for i, j in places) / len(places)
        plus = 0.0
        for i, j in places:
            s = g[i, j, k]
            denominator = 2 * s**2 + s**3 * total
            plus += (s**2 / denominator if denominator else 0.0) * max(s, 0.0)
        for i, j in places:
            s = g[i, j, k]
            weight = {GradCAM: mean, GradCAMPlusPlus: plus, HiResCAM: s, LayerCAM: max(s, 0.0)}[method]
            out[i, j] += weight * a[i, j, k]
    return out if method is HiResCAM else np.maximum(out, 0)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("head", ["softmax", None])
def test_as_loops(method, head):
    draw = np.random.default_rng(0)
    kernel = draw.normal(size=(2, 3))
    weights = draw.normal(size=(3, 4, 3, 5)).astype(np.float32)
    images = draw.normal(size=(4, 3, 4, 2)).astype(np.float32)
    classes = np.array([0, 4, 2, 2])
    maps = method(linear_cam_model(kernel, weights, "relu", head), "conv")(images, classes)
    activations = np.maximum(images @ kernel.astype(np.float32), 0)
    expected = [_loops(method, a, weights[..., c].astype(float)) for a, c in zip(activations, classes, strict=True)]
    assert np.abs(expected).max() > 0.1
    np.testing.assert_allclose(maps, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_a_batch_is_its_images_one_by_one_and_channels_have_no_order(method):
    model, images = random_cnn(1), random_images(1, 5)
    cam = method(model, "conv1")
    maps = cam(images, 1)
    assert maps.shape == (5, 6, 6) and maps.dtype == np.float32
    singles = np.concatenate([cam(image[np.newaxis], 1) for image in images])
    np.testing.assert_allclose(maps, singles, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(maps, cam(images, 1, batch_size=2), rtol=1e-5, atol=1e-6)
    order = [3, 1, 0, 2]
    (k1, b1), (k2, b2) = model.get_layer("conv1").get_weights(), model.get_layer("conv2").get_weights()
    model.get_layer("conv1").set_weights([k1[..., order], b1[order]])
    model.get_layer("conv2").set_weights([k2[:, :, order], b2])
    np.testing.assert_allclose(maps, cam(images, 1), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("method", [GradCAM, HiResCAM, LayerCAM])
def test_linear_in_the_score(method):
    images = random_images(2, 3, size=3, channels=1)
    draw = np.random.default_rng(2)
    weights = draw.normal(size=(3, 3, 1, 2))
    once = method(linear_cam_model([[1.0]], weights), "conv")(images, 0)
    thrice = method(linear_cam_model([[1.0]], 3 * weights), "conv")(images, 0)
    assert np.abs(once).max() > 0.01
    np.testing.assert_allclose(thrice, 3 * once, rtol=1e-5)


def test_hi_res_cam_sums_to_the_logit_where_linear_layers_without_biases_follow():
    model, images = random_cnn(3, bias=False, head=None), random_images(3, 4)
    logits = np.asarray(model(images))
    np.testing.assert_allclose(HiResCAM(model)(images, 2).sum(axis=(1, 2)), logits[:, 2], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_null_a_class_without_weights_has_an_empty_map(method):
    model = linear_cam_model([[1.0]], WEIGHTS)
    np.testing.assert_array_equal(method(model, "conv")(IMAGE, 1), 0)


@pytest.mark.parametrize("method", METHODS)
def test_planted_only_the_place_that_counts_is_marked(method):
    # channel k fires only at place k (one-hot image); class 0 listens to channel 2 alone
    images = np.eye(4, dtype=np.float32).reshape(1, 2, 2, 4)
    weights = np.zeros((2, 2, 4, 2))
    weights[:, :, 2, 0] = 1
    flat = method(linear_cam_model(np.eye(4), weights, "relu"), "conv")(images, 0).reshape(-1)
    assert flat[2] > 0
    np.testing.assert_array_equal(np.delete(flat, 2), 0)


@pytest.mark.parametrize("method", METHODS)
def test_large_logits_and_flat_gradients_stay_finite(method):
    # logits of 3e4; the second channel has g = 0; the third has g = -2 / (sum of A), where Grad-CAM++ divides by 0
    weights = np.zeros((1, 2, 3, 2))
    weights[..., 0, 0], weights[..., 2, 0] = 5e3, -2 / 4
    images = np.array([[[[3.0, 1.0, 3.0], [3.0, 1.0, 1.0]]]], np.float32)
    maps = method(linear_cam_model(np.eye(3), weights, None, "softmax"), "conv")(images, 0)
    assert np.isfinite(maps).all() and maps.max() > 0


def test_grad_cam_plus_plus_where_its_denominator_is_zero():
    # A = (-3, -1) before any ReLU: sum -4; g = 0.5 gives 2 + 0.5 * -4 = 0, so alpha is taken as 0, and the map is 0
    model = linear_cam_model([[-1.0]], np.full((1, 2, 1, 1), 0.5))
    np.testing.assert_array_equal(GradCAMPlusPlus(model, "conv")(IMAGE, 0), 0)


@pytest.mark.parametrize("method", METHODS)
def test_several_layers_in_one_pass_equal_each_alone(method):
    model, images = random_cnn(4), random_images(4, 3)
    together = MultiLayerCAM(model, ["pool1", "conv2", "conv1"], formula=FORMULAS[method])
    maps = together(images, 1, versus=0, batch_size=2)
    assert list(maps) == ["pool1", "conv2", "conv1"]
    for layer, each in maps.items():
        np.testing.assert_allclose(each, method(model, layer)(images, 1, versus=0), rtol=1e-5, atol=1e-6)


def test_no_layers_named_means_the_convolutions():
    model, images = random_cnn(4), random_images(4, 2)
    assert list(MultiLayerCAM(model)(images)) == ["conv1", "conv2"]
    np.testing.assert_array_equal(GradCAMPlusPlus(model)(images), GradCAMPlusPlus(model, "conv2")(images))


@pytest.mark.parametrize("method", METHODS)
def test_refuses_layers_that_do_not_exist_or_have_no_places(method):
    model = random_cnn(5)
    with pytest.raises(ValueError, match="Did you mean 'conv2'"):
        method(model, "cnov2")
    with pytest.raises(ValueError, match="Choose one of those that have a map: conv1"):
        method(model, "dense")
    with pytest.raises(ValueError, match="use one of their numbers"):
        method(model)(random_images(5, 1), 3)
    with pytest.raises(ValueError, match="Did you mean 'conv2'"):
        MultiLayerCAM(model, ["conv1", "cnov2"])


def _tf_keras_vis(name, layer, model, images, classes):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from tf_keras_vis.gradcam import Gradcam
        from tf_keras_vis.gradcam_plus_plus import GradcamPlusPlus
        from tf_keras_vis.layercam import Layercam
        from tf_keras_vis.utils.scores import CategoricalScore

        oracle = {"gradcam": Gradcam, "plus": GradcamPlusPlus, "layercam": Layercam}[name]
        return np.asarray(
            oracle(_functional(model))(
                CategoricalScore(classes),
                images,
                penultimate_layer=layer,
                expand_cam=False,
                normalize_cam=False,
            )
        )


def _functional(model):
    """A copy as a Functional model: tf-keras-vis takes nothing else."""
    import keras

    image = answer = keras.Input(model.input_shape[1:])
    for layer in model.layers:
        answer = layer.__class__.from_config(layer.get_config())(answer)
    copy = keras.Model(image, answer)
    copy.set_weights(model.get_weights())
    return copy


@pytest.mark.parametrize(("method", "name"), [(GradCAM, "gradcam"), (LayerCAM, "layercam")])
def test_agrees_with_tf_keras_vis_on_a_model_that_answers_logits(method, name):
    model, images = random_cnn(1, head=None), random_images(6, 3)
    expected = _tf_keras_vis(name, "conv2", model, images, [0, 2, 1])
    assert expected.max() > 0.01
    np.testing.assert_allclose(method(model, "conv2")(images, [0, 2, 1]), expected, rtol=1e-4, atol=1e-6)


def test_tf_keras_vis_grad_cam_plus_plus_normalises_alpha_and_overflows():
    # Its weights are exp(y) * sum(alpha * ReLU(g)) / sum(alpha): alpha is made to sum to 1 over places, which is in the
    # authors' code but in no equation of the paper, and exp(y) is infinite for a logit above 88. Both shown here.
    draw = np.random.default_rng(7)
    weights = np.abs(draw.normal(size=(3, 3, 2, 1))).astype(np.float32)
    images = draw.random((2, 3, 3, 2), dtype=np.float32)
    model = linear_cam_model(np.eye(2), weights)
    alpha = 1 / (2 + weights[..., 0] * images.sum(axis=(1, 2), keepdims=True))
    channel_weights = (alpha * weights[..., 0]).sum(axis=(1, 2)) / alpha.sum(axis=(1, 2))
    scale = np.exp(np.asarray(model(images)))[:, :, np.newaxis]
    theirs = scale * np.einsum("bhwc,bc->bhw", images, channel_weights)
    np.testing.assert_allclose(_tf_keras_vis("plus", "conv", model, images, [0, 0]), theirs, rtol=1e-4)
    ours = np.einsum("bhwc,bc->bhw", images, (alpha * weights[..., 0]).sum(axis=(1, 2)))
    np.testing.assert_allclose(GradCAMPlusPlus(model, "conv")(images, 0), ours, rtol=1e-5)
    assert not np.isfinite(_tf_keras_vis("plus", "conv", model, 100 * images, [0, 0])).all()
    assert np.isfinite(GradCAMPlusPlus(model, "conv")(100 * images, 0)).all()
