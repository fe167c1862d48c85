"""SmoothGrad, integrated gradients, occlusion and RISE: by hand, as loops, laws, null and planted, refusals."""

import warnings

import keras
import numpy as np
import pytest
from hand_set_models import linear_cam_model, random_cnn, random_images

from featurelens.interpret import RISE, IntegratedGradients, Occlusion, Saliency, SmoothGrad
from featurelens.interpret.maps.resampling import interpolation_matrix
from featurelens.interpret.methods import rise
from featurelens.interpret.methods.occlusion import patches
from featurelens.interpret.methods.rise import CentredRISE, random_masks
from featurelens.interpret.tracing.variants import _plan

pytestmark = pytest.mark.numeric

SMALL = {
    SmoothGrad: {"samples": 7},
    IntegratedGradients: {"steps": 7},
    Occlusion: {"patch": 3, "stride": 2},
    RISE: {"masks": 50, "grid": 3},
}
METHODS = list(SMALL)


def make(method, model):
    return method(model, **SMALL[method])


def scores_of(model, images, label):
    """The class's logit of a model that answers logits."""
    return np.asarray(model(images))[:, label]


# ---- by hand


def test_smooth_grad_by_hand():
    # a linear model: the slopes are the weights, whatever the noise; two channels with slopes (2, -5) and (1, 0)
    weights = np.zeros((1, 2, 2, 2))
    weights[0, :, :, 0] = [[2, -5], [1, 0]]
    model = linear_cam_model(np.eye(2), weights)
    maps = SmoothGrad(model, samples=3, noise=0.5)(random_images(0, 1, size=2)[:, :1], 0)
    np.testing.assert_allclose(maps[0, 0], [5, 1], rtol=1e-5)


def test_smooth_grad_takes_the_mean_before_the_absolute_value():
    # logit = ReLU(u) + ReLU(-u) with u = x0 - x1: slope of x0 is +1 where u > 0, else -1. At x0 = x1 the noise makes it
    # +1 or -1 by chance: the mean of signed slopes tends to 0; the mean of their absolute values would be 1.
    model = linear_cam_model([[1.0, -1.0], [-1.0, 1.0], [0.0, 0.0]], np.ones((1, 1, 2, 1)), "relu")
    image = np.array([[[[0.5, 0.5, 0.0]]]], np.float32)  # the third channel gives the image a range
    assert SmoothGrad(model, samples=400)(image, 0)[0, 0, 0] < 0.2


def test_integrated_gradients_by_hand():
    # logit = ReLU(x0 - x1) at (3, 1). Along t * (3, 1) it is 2t > 0: slopes (1, -1) all the way: 3 - 1 = 2 = the logit
    model = linear_cam_model([[1.0], [-1.0]], np.ones((1, 1, 1, 1)), "relu")
    image = np.array([[[[3.0, 1.0]]]], np.float32)
    np.testing.assert_allclose(IntegratedGradients(model)(image, 0), [[[2.0]]], rtol=1e-6)
    # from baseline (0, 1): u = 3t - 1 > 0 from t = 1/3 on. Midpoints of 3 steps: 1/6, 1/2, 5/6: two of three are past
    # the kink: (3 - 0) * 2/3 + (1 - 1) * ... = 2, the true integral 3 * (1 - 1/3) = 2
    baseline = np.array([[[0.0, 1.0]]])
    explain = IntegratedGradients(model, steps=3, baseline=baseline)
    np.testing.assert_allclose(explain(image, 0), [[[2.0]]], rtol=1e-6)
    # with 2 steps (1/4, 3/4) one of two is past it: 3 * 1/2 = 1.5, and the gap is 2 - 1.5 = 0.5
    record = IntegratedGradients(model, steps=2, baseline=baseline).with_gap(image, 0)
    np.testing.assert_allclose(record.maps, [[[1.5]]], rtol=1e-6)
    np.testing.assert_allclose(record.expected, [2.0], rtol=1e-6)
    np.testing.assert_allclose(record.gap, [0.5], rtol=1e-6)


def test_a_rectangle_by_hand():
    # logit = sum of a 2x4 image of ones, a patch of 2 x 1 moved across: each column of two falls by 2; 1 x 4: each row by 4
    model, image = linear_cam_model([[1.0]], np.ones((2, 4, 1, 1))), np.ones((1, 2, 4, 1), np.float32)
    tall, wide = Occlusion(model, (2, 1), (1, 1)), Occlusion(model, (1, 4), (1, 2))
    np.testing.assert_allclose(tall(image, 0), 2)
    np.testing.assert_allclose(wide(image, 0), 4)
    assert (tall.remark, wide.remark) == ("2 × 1 pixels covered", "1 × 4 pixels covered")
    np.testing.assert_array_equal(patches(4, 6, (2, 3), (2, 3)).sum(axis=0), 1)  # they tile the image
    np.testing.assert_array_equal(patches(5, 5, (3, 3), (2, 2)), patches(5, 5, 3, 2))
    for settings in ({"patch": (3, 1)}, {"patch": (1, 2, 3)}, {"patch": (2, 2), "stride": (1, 3)}, {"patch": (0, 2)}):
        with pytest.raises(ValueError, match=r"Give (patch|stride)="):
            Occlusion(model, **{"stride": 1, **settings})(image, 0)


def test_occlusion_by_hand():
    # logit = 1*a + 2*b + 3*c on a 1x3 image (5, 5, 5), patch 1: drops 5, 10, 15. With baseline 4: 1, 2, 3.
    weights = np.array([1.0, 2.0, 3.0]).reshape(1, 3, 1, 1)
    model, image = linear_cam_model([[1.0]], weights), np.full((1, 1, 3, 1), 5, np.float32)
    np.testing.assert_allclose(Occlusion(model, 1, 1)(image, 0)[0, 0], [5, 10, 15], rtol=1e-6)
    np.testing.assert_allclose(Occlusion(model, 1, 1, 4.0)(image, 0)[0, 0], [1, 2, 3], rtol=1e-5)
    # 3x3, patch 2, stride 2: starts 0 and, moved in to the border, 1. The logit sums all pixels, all 1: each drop is 4,
    # and so is each mean of drops
    model = linear_cam_model([[1.0]], np.ones((3, 3, 1, 1)))
    np.testing.assert_allclose(Occlusion(model, 2, 2)(np.ones((1, 3, 3, 1), np.float32), 0)[0], 4.0, rtol=1e-6)
    assert len(patches(28, 28, 4, 2)) == 13 * 13 and len(patches(5, 4, 2, 2)) == 3 * 2


def test_rise_by_hand():
    masks = random_masks(20, 2, 3, 3, seed=5)
    weights = np.zeros((3, 3, 1, 1))
    weights[0, 0] = 2  # logit of a masked image = 2 * mask[0, 0] * x[0, 0]
    image = np.full((1, 3, 3, 1), 3, np.float32)
    # eq. 6 with p = 1/2, N = 20: sum of 6 * mask[0,0] * mask[i,j] / 10
    expected = 6 * np.einsum("n,nij->ij", masks[:, 0, 0], masks) / 10
    maps = RISE(linear_cam_model([[1.0]], weights), masks=20, grid=2, seed=5)(image, 0)
    np.testing.assert_allclose(maps[0], expected, rtol=1e-5)


def test_masks_are_shown_by_half_and_shifted():
    masks = random_masks(400, 7, 28, 28, seed=0)
    assert masks.min() >= 0 and masks.max() <= 1 and 0.47 < masks.mean() < 0.53
    assert masks[:50].reshape(50, -1).std(axis=1).min() > 0.1
    assert len({mask.tobytes() for mask in masks}) == 400
    cells = masks[:, ::4, ::4]  # without shifts, pixels 4 apart would all lie at the same place of their cells
    assert len(np.unique(cells.round(4))) > 25
    np.testing.assert_allclose(interpolation_matrix(2, 4), [[1, 0], [0.75, 0.25], [0.25, 0.75], [0, 1]])
    np.testing.assert_array_equal(interpolation_matrix(1, 3), 1)
    np.testing.assert_array_equal(interpolation_matrix(3, 3), np.eye(3))


def test_masks_are_those_of_the_paper():
    # section 3.3: h x w cells are drawn, enlarged to (h+1) C_H x (w+1) C_W, and H x W of it cut out up to one cell in.
    # 6 x 9 pixels and 3 x 3 cells: a cell is 2 x 3 pixels. TensorFlow enlarges; the draws are made again in their order
    import tensorflow as tf

    draw = np.random.default_rng(3)
    for mask in random_masks(20, 3, 6, 9, seed=3):
        seen = (draw.random((3, 3)) < 0.5).astype(np.float32)
        top, left = draw.integers(2), draw.integers(3)
        large = tf.image.resize(seen[..., np.newaxis], (4 * 2, 4 * 3)).numpy()[..., 0]
        np.testing.assert_allclose(mask, large[top : top + 6, left : left + 9], rtol=1e-5, atol=1e-6)


def test_interpolation_agrees_with_tensorflow():
    import tensorflow as tf

    picture = random_images(0, 1, size=5, channels=1)
    expected = tf.image.resize(picture, (13, 8)).numpy()[0, :, :, 0]
    ours = interpolation_matrix(5, 13) @ picture[0, :, :, 0] @ interpolation_matrix(5, 8).T
    np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-6)


# ---- as loops


def test_smooth_grad_as_loops():
    model, images = random_cnn(1, head=None), random_images(1, 2)
    images[1] *= 0.5
    drawn = np.random.default_rng(3).standard_normal((4, 6, 6, 2), dtype=np.float32)
    expected = []
    for image in images:
        noisy = [image + 0.2 * (image.max() - image.min()) * noise for noise in drawn]
        expected.append(np.abs(np.mean([_slope(model, x, 1) for x in noisy], axis=0)).max(axis=-1))
    maps = SmoothGrad(model, samples=4, noise=0.2, seed=3)(images, 1)
    np.testing.assert_allclose(maps, expected, rtol=1e-4, atol=1e-5)


def test_integrated_gradients_as_loops():
    model, images = random_cnn(1, head=None), random_images(1, 1)
    blank = random_images(9, 1)[0]
    slopes = [_slope(model, blank + (s + 0.5) / 5 * (images[0] - blank), 2) for s in range(5)]
    expected = ((images[0] - blank) * np.mean(slopes, axis=0)).sum(axis=-1)
    maps = IntegratedGradients(model, steps=5, baseline=blank)(images, 2)
    np.testing.assert_allclose(maps[0], expected, rtol=1e-4, atol=1e-5)


def _slope(model, image, label):
    import tensorflow as tf

    x = tf.constant(image[np.newaxis])
    with tf.GradientTape() as tape:
        tape.watch(x)
        score = model(x)[0, label]
    return tape.gradient(score, x).numpy()[0]


def test_occlusion_as_loops():
    model, images = random_cnn(2, head=None), random_images(2, 2)
    expected, covered = np.zeros((2, 6, 6)), np.zeros((6, 6))
    for top in (0, 2, 3):  # patch 3, stride 2, on 6 pixels: 0, 2, and 3 to reach the border
        for left in (0, 2, 3):
            painted = images.copy()
            painted[:, top : top + 3, left : left + 3] = 0.25
            drop = scores_of(model, images, 0) - scores_of(model, painted, 0)
            expected[:, top : top + 3, left : left + 3] += drop[:, np.newaxis, np.newaxis]
            covered[top : top + 3, left : left + 3] += 1
    maps = Occlusion(model, 3, 2, 0.25)(images, 0)
    np.testing.assert_allclose(maps, expected / covered, rtol=1e-4, atol=1e-5)


def test_rise_as_loops():
    model, images = random_cnn(2, head=None), random_images(2, 2)
    expected = np.zeros((2, 6, 6))
    for mask in random_masks(30, 3, 6, 6, seed=1):
        expected += scores_of(model, images * mask[:, :, np.newaxis], 1)[:, np.newaxis, np.newaxis] * mask
    maps = RISE(model, masks=30, grid=3, seed=1)(images, 1)
    np.testing.assert_allclose(maps, expected / (0.5 * 30), rtol=1e-4, atol=1e-4)


def test_centred_rise_as_loops():
    model, images = random_cnn(2, head=None), random_images(2, 2)
    masks = random_masks(70, 3, 6, 6, seed=1)
    scores = np.stack([scores_of(model, images * mask[:, :, np.newaxis], 1) for mask in masks], axis=1)
    expected = np.einsum("bn,nhw->bhw", scores - scores.mean(axis=1, keepdims=True), masks) / (0.5 * 70)
    maps = CentredRISE(model, masks=70, grid=3, seed=1)(images, 1)
    np.testing.assert_allclose(maps, expected + scores.mean(axis=1)[:, np.newaxis, np.newaxis], rtol=1e-4, atol=1e-4)


def test_centred_rise_of_a_model_that_answers_the_same_is_that_answer_from_any_masks():
    constant = linear_cam_model([[1.0]], np.zeros((4, 4, 1, 2)))
    answers = keras.Sequential([keras.Input((4, 4, 1)), constant, keras.layers.Rescaling(1.0, offset=3.0)])
    images = np.ones((1, 4, 4, 1), np.float32)
    np.testing.assert_allclose(CentredRISE(answers, masks=3, grid=2)(images, 1), 3.0, rtol=1e-6)
    assert np.ptp(RISE(answers, masks=3, grid=2)(images, 1)) > 0.5, "where the plain map shows its masks"


# ---- laws


def test_large_masks_of_one_image_are_made_as_they_come(monkeypatch):
    model, images, largest = random_cnn(3), random_images(8, 2), []
    whole = RISE(model, masks=70, grid=3)(images[:1], 1)
    one = rise.RandomMasks._one
    monkeypatch.setattr(rise, "_KEPT_BYTES", 0)
    monkeypatch.setattr(rise.RandomMasks, "_one", lambda *given: (largest.append(1), one(*given))[1])
    method = RISE(model, masks=70, grid=3)
    steps = []
    np.testing.assert_allclose(
        method(images[:1], 1, batch_size=8, progress=lambda *_: steps.append(len(largest))), whole, rtol=1e-5
    )
    assert max(np.diff([0, *steps])) <= 8 and len(largest) == 70  # each mask once, some at a time
    np.testing.assert_allclose(method(images, 1)[:1], whole, rtol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_the_map_depends_on_neither_batch_size_nor_the_other_images(method):
    explain, images = make(method, random_cnn(3)), random_images(3, 5)
    maps = explain(images, versus=2)
    assert maps.shape == (5, 6, 6) and maps.dtype == np.float32 and np.abs(maps).max() > 0.01
    for batch_size in (1, 3, 64):
        np.testing.assert_allclose(explain(images, versus=2, batch_size=batch_size), maps, rtol=1e-4, atol=1e-5)
    singles = np.concatenate([explain(image[np.newaxis], versus=2) for image in images])
    np.testing.assert_allclose(singles, maps, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("method", METHODS)
def test_the_predicted_class_is_that_of_the_image_as_it_is(method):
    model, images = random_cnn(3), random_images(3, 4)
    predicted = np.asarray(model(images)).argmax(axis=1)
    explain = make(method, model)
    np.testing.assert_array_equal(explain(images), explain(images, predicted))


@pytest.mark.parametrize("method", [IntegratedGradients, Occlusion, RISE])
def test_against_another_class_is_the_difference(method):
    explain, images = make(method, random_cnn(4)), random_images(4, 2)
    difference = explain(images, 0) - explain(images, 1)
    np.testing.assert_allclose(explain(images, 0, versus=1), difference, rtol=1e-3, atol=1e-4)


def test_no_noise_is_saliency_and_each_setting_counts():
    model, images = random_cnn(5), random_images(5, 3)
    np.testing.assert_allclose(SmoothGrad(model, noise=0)(images), Saliency(model)(images), rtol=1e-5, atol=1e-6)
    usual = SmoothGrad(model)(images)
    for setting in ({"samples": 24}, {"noise": 0.1}, {"seed": 1}):
        assert np.abs(SmoothGrad(model, **setting)(images) - usual).max() > 1e-3
    np.testing.assert_array_equal(usual, SmoothGrad(model)(images))


def test_integrated_gradients_are_complete():
    model, images = random_cnn(6, head=None), random_images(6, 3)
    record = IntegratedGradients(model, steps=300, baseline=0.5).with_gap(images, 1)
    change = scores_of(model, images, 1) - scores_of(model, np.full_like(images, 0.5), 1)
    assert np.abs(change).max() > 0.5
    np.testing.assert_allclose(record.expected, change, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(record.maps.sum(axis=(1, 2)), change, atol=0.02)
    np.testing.assert_allclose(record.gap, change - record.maps.sum(axis=(1, 2)), atol=1e-5)


def test_blocks_cover_every_variant_of_every_image_once_and_are_full():
    for images, count, batch_size in [(1, 2000, 256), (2048, 25, 256), (17, 32, 64), (3, 1, 2), (5, 7, 1)]:
        seen, sizes = np.zeros((images, count), int), []
        for rows, variants in _plan(images, count, batch_size):
            seen[rows, variants] += 1
            sizes.append(seen[rows, variants].size)
        assert (seen == 1).all() and max(sizes) <= batch_size
        assert np.mean(sizes) >= 0.5 * min(batch_size, images * count)


def test_progress_counts_up_to_the_end():
    told = []
    make(RISE, random_cnn(3))(
        random_images(3, 2), batch_size=20, progress=lambda _, done, total: told.append((done, total))
    )
    assert told == [(step + 1, len(told)) for step in range(len(told))] and len(told) >= 5


# ---- null and planted


@pytest.mark.parametrize("method", METHODS)
def test_null_and_planted(method):
    weights = np.zeros((6, 6, 1, 2))
    weights[1:3, 4:6, 0, 0] = 4  # only these four pixels count, and only for class 0
    model = linear_cam_model([[1.0]], weights, head="softmax")
    settings = {RISE: {"masks": 2000, "grid": 3}, Occlusion: {"patch": 2, "stride": 1}}.get(method, SMALL[method])
    explain = method(model, **settings)
    images = random_images(7, 2, size=6, channels=1)
    np.testing.assert_array_equal(explain(images, 1), 0)
    maps = explain(images, 0)
    best = np.stack(np.unravel_index(maps.reshape(2, -1).argmax(axis=1), (6, 6)), axis=1)
    assert ((best >= [1, 4]) & (best < [3, 6])).all()
    if method in (SmoothGrad, IntegratedGradients):
        maps[:, 1:3, 4:6] = 0
        np.testing.assert_array_equal(maps, 0)


# ---- refusals


def test_refusals():
    model = random_cnn(8)
    with pytest.raises(ValueError, match="Give samples=1 or more"):
        SmoothGrad(model, samples=0)
    with pytest.raises(ValueError, match="a part of the image's range"):
        SmoothGrad(model, noise=-0.1)
    with pytest.raises(ValueError, match="Give steps=1 or more"):
        IntegratedGradients(model, steps=0)
    with pytest.raises(ValueError, match=r"a whole number. Received 2.5. Write steps=32"):
        IntegratedGradients(model, steps=2.5)
    with pytest.raises(ValueError, match="one image of that shape"):
        IntegratedGradients(model, baseline=np.zeros((5, 5, 2)))(random_images(8, 1))
    with pytest.raises(ValueError, match="one image of that shape"):
        Occlusion(model, baseline=np.nan)(random_images(8, 1))
    with pytest.raises(ValueError, match="Give stride=2 or less"):
        Occlusion(model, patch=2, stride=3)
    with pytest.raises(ValueError, match="Give patch=6 or less"):
        Occlusion(model, patch=7)(random_images(8, 1))
    with pytest.raises(ValueError, match="Give masks=1 or more"):
        RISE(model, masks=0)
    with pytest.raises(ValueError, match="grid"):
        RISE(model, grid=1)
    with pytest.raises(ValueError, match="whole number such as 256"):
        RISE(model)(random_images(8, 1), batch_size=0)
    with pytest.raises(ValueError, match="use one of their numbers"):
        Occlusion(model, 2, 2)(random_images(8, 1), 3)


# ---- several inputs


@pytest.mark.parametrize("method", METHODS)
def test_other_inputs_stay_with_their_image(method):
    import keras

    image, factor = keras.Input((4, 4, 1), name="picture"), keras.Input((1,), name="factor")
    summed = keras.layers.Dense(2, use_bias=False, name="dense")(keras.layers.Flatten()(image))
    model = keras.Model([image, factor], keras.layers.Multiply()([summed, factor]))
    explain, images = make(method, model), random_images(10, 3, size=4, channels=1)
    once = explain([images, np.ones((3, 1), np.float32)], 0)
    scaled = explain([images, np.array([[1], [2], [3]], np.float32)], 0, batch_size=6)  # blocks of 3 images, 2 variants
    assert np.abs(once).max() > 0.01
    np.testing.assert_allclose(scaled, once * np.reshape([1, 2, 3], (3, 1, 1)), rtol=1e-4, atol=1e-5)


# ---- tf-keras-vis


def test_smooth_grad_tends_to_that_of_tf_keras_vis():
    # Both draw at random, so many samples are compared. By default tf-keras-vis takes the absolute value of each sample
    # first, and then the mean, which is not the paper's order: gradient_modifier=None gives the mean of signed slopes.
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from tf_keras_vis.saliency import Saliency as Oracle
        from tf_keras_vis.utils.scores import CategoricalScore

        model, images = random_cnn(11, head=None), random_images(11, 2)
        oracle = Oracle(model)
        np.random.seed(0)  # noqa: NPY002  (it draws from the global state)
        theirs = oracle(
            CategoricalScore([1, 1]),
            images,
            smooth_samples=100,
            smooth_noise=0.3,
            keepdims=True,
            gradient_modifier=None,
            normalize_map=False,
        )
    ours = SmoothGrad(model, samples=1000, noise=0.3)(images, 1)
    theirs = np.abs(np.asarray(theirs)).max(axis=-1)
    assert np.corrcoef(ours.ravel(), theirs.ravel())[0, 1] > 0.95
