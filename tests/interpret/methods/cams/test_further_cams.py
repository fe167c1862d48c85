"""XGrad-CAM, Ablation-CAM, Eigen-CAM, Finer-CAM, Guided Grad-CAM and fused layers: by hand, by NumPy, laws, refusals."""

import warnings

import numpy as np
import pytest
from hand_set_models import linear_cam_model, random_cnn, random_images

from featurelens.interpret import (
    AblationCAM,
    EigenCAM,
    FinerCAM,
    FusedCAM,
    GradCAM,
    GuidedBackpropagation,
    GuidedGradCAM,
    HiResCAM,
    LayerCAM,
    XGradCAM,
)
from featurelens.interpret.maps.resampling import enlarged
from featurelens.interpret.methods.cams.fused_cam import fused
from featurelens.interpret.methods.class_activation import grad_cam

pytestmark = pytest.mark.numeric

# One channel on 1x2 places. A = x = (3, 1), logits: class 0 = 2*a0 - 1*a1 = 5, class 1 = 0.
IMAGE = np.array([[[[3.0], [1.0]]]], np.float32)
WEIGHTS = np.array([[[[2.0, 0.0]], [[-1.0, 0.0]]]], np.float32)


@pytest.fixture(scope="module")
def parts():
    """A model with two convolutions, its images, and the activations and the tail of 'conv2' in plain NumPy."""
    model = random_cnn(1, head=None)
    images = random_images(1, 4)
    import keras

    activations = np.asarray(keras.Model(model.inputs[0], model.get_layer("conv2").output)(images))
    kernel, bias = model.get_layer("dense").get_weights()

    def tail(maps):
        return maps.reshape(len(maps), -1) @ kernel + bias

    return model, images, activations, tail, kernel.reshape(*activations.shape[1:], -1)


def guided(model, layer=None):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return GuidedGradCAM(model, layer), GuidedBackpropagation(model)


# ---- XGrad-CAM


def test_x_grad_cam_by_hand():
    # w = (3 * 2 + 1 * -1) / (3 + 1) = 1.25; the map 1.25 * (3, 1) sums to the logit, 5
    model = linear_cam_model([[1.0]], WEIGHTS)
    np.testing.assert_allclose(XGradCAM(model, "conv")(IMAGE, 0)[0, 0], [3.75, 1.25], rtol=1e-6)
    np.testing.assert_array_equal(XGradCAM(model, "conv")(IMAGE, 1), 0)


def test_x_grad_cam_in_numpy_and_its_axiom(parts):
    model, images, activations, tail, slopes = parts
    maps = XGradCAM(model, "conv2")(images, 1)
    total = activations.sum(axis=(1, 2))
    gain = np.einsum("bhwk,hwk->bk", activations, slopes[..., 1])
    weights = np.where(total > 0, gain / np.where(total > 0, total, 1), 0)
    uncut = np.einsum("bhwk,bk->bhw", activations, weights)
    np.testing.assert_allclose(maps, np.maximum(uncut, 0), rtol=1e-4, atol=1e-5)
    bias = model.get_layer("dense").get_weights()[1]
    np.testing.assert_allclose(uncut.sum(axis=(1, 2)), (tail(activations) - bias)[:, 1], rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(
        uncut.sum(axis=(1, 2)), HiResCAM(model, "conv2")(images, 1).sum(axis=(1, 2)), rtol=1e-4, atol=1e-5
    )


# ---- Ablation-CAM


def test_ablation_cam_by_hand():
    # channels x and 2 x; the logit is 2 * a00 - 1 * a10 + 0.5 * (a01 + a11), a = (3, 1), (6, 2): 5 + 4 = 9.
    # Without the first it is 4, w = 5; without the second 5, w = 4: the map is 5 * (3, 1) + 4 * (6, 2) = (39, 13)
    weights = np.array([[[[2.0, 0.0], [0.5, 0.0]], [[-1.0, 0.0], [0.5, 0.0]]]])
    model = linear_cam_model([[1.0, 2.0]], weights)
    np.testing.assert_allclose(AblationCAM(model, "conv")(IMAGE, 0)[0, 0], [39, 13], rtol=1e-6)
    np.testing.assert_array_equal(AblationCAM(model, "conv")(IMAGE, 1, versus=0), 0)


def test_ablation_cam_in_numpy(parts):
    model, images, activations, tail, _ = parts
    classes, other = np.array([0, 1, 2, 2]), np.array([1, 2, 0, 1])
    expected = np.zeros(activations.shape[:3])
    rows = np.arange(4)

    def score(maps):
        return tail(maps)[rows, classes] - tail(maps)[rows, other]

    for k in range(activations.shape[-1]):
        less = activations.copy()
        less[..., k] = 0
        expected += (score(activations) - score(less))[:, None, None] * activations[..., k]
    found = AblationCAM(model, "conv2")
    assert expected.max() > 0.1
    np.testing.assert_allclose(found(images, classes, other), np.maximum(expected, 0), rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(found(images, classes, other, batch_size=2), found(images, classes, other), atol=1e-4)


# ---- Eigen-CAM


def test_eigen_cam_by_hand():
    # channels x and 2 x: one component, v = (1, 2) / sqrt(5), and A v = sqrt(5) * x, whatever the class
    model = linear_cam_model([[1.0, 2.0]], np.ones((1, 2, 2, 2)))
    for label in (0, 1):
        np.testing.assert_allclose(
            EigenCAM(model, "conv")(IMAGE, label)[0, 0], np.sqrt(5) * IMAGE[0, 0, :, 0], rtol=1e-5
        )


@pytest.mark.parametrize("layer", ["conv1", "conv2", "pool1"])
def test_eigen_cam_is_numpys_first_singular_vector(parts, layer):
    # conv1 has more places than channels; a layer of 3 x 3 places and 5 channels has the product of its channels, too
    import keras

    model, images, *_ = parts
    maps = np.asarray(keras.Model(model.inputs[0], model.get_layer(layer).output)(images))
    found = EigenCAM(model, layer)(images)
    for image, each in zip(maps, found, strict=True):
        matrix = image.reshape(-1, image.shape[-1]).astype(float)
        expected = matrix @ np.linalg.svd(matrix, full_matrices=False)[2][0]
        expected *= np.sign(expected.sum())
        np.testing.assert_allclose(each.ravel(), expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max())
    assert found.min() >= 0, "after a ReLU, the first component has no sign change"


def test_eigen_cam_with_fewer_places_than_channels_and_of_nothing():
    draw = np.random.default_rng(3)
    kernel = draw.normal(size=(2, 9))
    images = draw.normal(size=(3, 1, 2, 2)).astype(np.float32)
    images[2] = 0
    found = EigenCAM(linear_cam_model(kernel, np.ones((1, 2, 9, 2))), "conv")(images)
    for image, each in zip(images[:2], found, strict=False):
        matrix = image.reshape(2, 2) @ kernel
        expected = matrix @ np.linalg.svd(matrix)[2][0]
        expected *= np.sign(expected.sum())
        np.testing.assert_allclose(each.ravel(), expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max())
    np.testing.assert_array_equal(found[2], 0)


# ---- Finer-CAM


def finer_model():
    """Four classes, each a place of one channel: logits are (4, 1, 3, 0) . x over a 1x4 image."""
    weights = np.zeros((1, 4, 1, 4))
    for place, weight in enumerate((4, 1, 3, 0)):
        weights[0, place, 0, place] = weight
    return linear_cam_model([[1.0]], weights)


def test_finer_cam_by_hand():
    # at x = 1 the logits are (4, 1, 3, 0). Nearest to class 0 is class 2: the score y0 - g y2 has slopes (4, 0, -3 g, 0), whose
    # mean is (4 - 3 g) / 4; the map is that times x
    image = np.ones((1, 1, 4, 1), np.float32)
    for gamma in (0.5, 1.0):
        found = FinerCAM(finer_model(), "conv", gamma, like=1)(image, 0)
        np.testing.assert_allclose(found[0, 0], (4 - 3 * gamma) / 4 * np.ones(4), rtol=1e-6)
    # two like it, classes 2 and 1: y0 - (y2 + y1) / 2: (4 - 1.5 - 0.5) / 4 = 0.5
    np.testing.assert_allclose(FinerCAM(finer_model(), "conv", like=2)(image, 0), 0.5, rtol=1e-6)
    # more than there are: y0 - (1 + 3 + 0) / 3 = 4 - 4/3 = 8/3, of which a quarter
    np.testing.assert_allclose(FinerCAM(finer_model(), "conv", like=9)(image, 0), 2 / 3, rtol=1e-6)


def test_finer_cam_without_a_comparison_is_grad_cam_and_with_a_named_class_its_contrast(parts):
    model, images, *_ = parts
    expected = GradCAM(model)(images, 1)
    assert expected.max() > 0.01
    np.testing.assert_allclose(FinerCAM(model, gamma=0.0)(images, 1), expected, rtol=1e-4, atol=1e-6)
    against = GradCAM(model)(images, 1, versus=2)
    np.testing.assert_allclose(FinerCAM(model)(images, 1, versus=2), against, rtol=1e-4, atol=1e-6)


def test_finer_cam_refuses_one_number_and_settings():
    from featurelens.interpret import declare_task

    model = linear_cam_model([[1.0]], np.ones((1, 2, 1, 1)))
    declare_task(model, "regression")
    with pytest.raises(ValueError, match="Use GradCAM"):
        FinerCAM(model)(IMAGE)
    with pytest.raises(ValueError, match="Give 1 for the full comparison"):
        FinerCAM(finer_model(), gamma=2.0)
    with pytest.raises(ValueError, match="Give like=1 or more"):
        FinerCAM(finer_model(), like=0)


# ---- Guided Grad-CAM


def test_guided_grad_cam_is_the_product_of_the_two(parts):
    model, images, *_ = parts
    product, edges = guided(model, "conv2")
    where = enlarged(GradCAM(model, "conv2")(images, 1), (6, 6))
    expected = where * edges(images, 1)
    assert np.abs(expected).max() > 1e-3 and (expected < 0).any()
    np.testing.assert_allclose(product(images, 1), expected, rtol=1e-5, atol=1e-7)
    with pytest.warns(UserWarning, match="not as evidence"):
        GuidedGradCAM(model)


def test_guided_grad_cam_by_hand():
    # logits -(ReLU(a0) + ReLU(a1)) and its opposite, at (2, 1): Grad-CAM of class 1 has slope 1 and map (2, 1), the guided
    # gradient is 1 at both; of class 0 it is cut off
    model = linear_cam_model([[1.0]], np.array([[[[-1.0, 1.0]], [[-1.0, 1.0]]]]), "relu")
    product, _ = guided(model, "conv")
    image = np.array([[[[2.0], [1.0]]]], np.float32)
    np.testing.assert_allclose(product(image, 1)[0, 0], [2, 1], rtol=1e-6)
    np.testing.assert_array_equal(product(image, 0), 0)


# ---- several layers in one


def test_fused_by_hand():
    # (2, 0) and (1, 4) become (1, 0) and (1/4, 1)
    maps = [np.array([[[2.0, 0.0]]]), np.array([[[1.0, 4.0]]])]
    np.testing.assert_allclose(fused(maps, "mean")[0, 0], [0.625, 0.5])
    np.testing.assert_allclose(fused(maps, "largest")[0, 0], [1, 1])
    np.testing.assert_allclose(fused(maps, "product")[0, 0], [0.5, 0])
    np.testing.assert_array_equal(fused([np.zeros((1, 1, 2)), -np.ones((1, 1, 2))], "mean"), 0)


def test_fused_layers_are_those_of_each_layer_at_the_size_of_the_largest(parts):
    model, images, *_ = parts
    expected = []
    for layer in ("conv1", "conv2"):
        maps = GradCAM(model, layer)(images, 1)
        maps = maps / np.maximum(maps.max(axis=(1, 2), keepdims=True), 1e-30)
        expected.append(enlarged(maps, (6, 6)))
    found = FusedCAM(model, ["conv1", "conv2"], grad_cam, "mean")
    np.testing.assert_allclose(found(images, 1), np.mean(expected, axis=0), rtol=1e-4, atol=1e-5)
    assert found.remark == "mean over conv1, conv2, each divided by its largest value"
    alone = FusedCAM(model, ["conv2"], how="largest")(images, 1)
    layer_cam = LayerCAM(model, "conv2")(images, 1)
    np.testing.assert_allclose(alone * layer_cam.max(axis=(1, 2), keepdims=True), layer_cam, rtol=1e-4, atol=1e-6)
    assert "all convolutions" in FusedCAM(model).remark


def test_fused_refuses():
    model = random_cnn(2)
    with pytest.raises(ValueError, match="Choose one of the three"):
        FusedCAM(model, how="sum")
    with pytest.raises(ValueError, match="Did you mean 'conv2'"):
        FusedCAM(model, ["cnov2"])


# ---- laws of all of them


@pytest.mark.parametrize("method", [XGradCAM, AblationCAM, EigenCAM, FinerCAM, FusedCAM])
def test_a_batch_is_its_images_one_by_one(parts, method):
    model, images, *_ = parts
    made = method(model)
    maps = made(images, 1)
    assert maps.dtype == np.float32 and np.isfinite(maps).all()
    singles = np.concatenate([made(image[np.newaxis], 1) for image in images])
    np.testing.assert_allclose(maps, singles, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("method", [XGradCAM, AblationCAM, FinerCAM])
def test_the_planted_place_is_marked_and_no_other(method):
    # channel k fires only at place k (one-hot image); class 0 listens to channel 2 alone
    images = np.eye(4, dtype=np.float32).reshape(1, 2, 2, 4)
    weights = np.zeros((2, 2, 4, 2))
    weights[:, :, 2, 0] = 1
    flat = method(linear_cam_model(np.eye(4), weights, "relu"), "conv")(images, 0).reshape(-1)
    assert flat[2] > 0
    np.testing.assert_array_equal(np.delete(flat, 2), 0)


@pytest.mark.parametrize("method", [XGradCAM, AblationCAM, EigenCAM, FinerCAM])
def test_refuses_layers_by_name(method):
    with pytest.raises(ValueError, match="Did you mean 'conv2'"):
        method(random_cnn(5), "cnov2")
    with pytest.raises(ValueError, match="Choose one of those that have a map: conv1"):
        method(random_cnn(5), "dense")


def test_a_layer_of_one_place_is_refused_with_the_layers_that_have_more():
    import keras

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(2, 3, name="first"),
            layers.GlobalAveragePooling2D(keepdims=True, name="pooled"),
            layers.Conv2D(3, 1, name="last"),
            layers.Flatten(),
        ]
    )
    for layer in ("pooled", "last"):
        with pytest.raises(
            ValueError, match=r"one place for the whole picture.*Choose one of those that have a map: first"
        ):
            GradCAM(model, layer)
    assert GradCAM(model)(random_images(0, 1, channels=1)).shape == (1, 4, 4), (
        "the last convolution with several places"
    )
