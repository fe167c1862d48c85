"""The census of a layer's channels: by hand, as loops, and on truths known beforehand."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hand_set_models import random_cnn, random_images

from featurelens.interpret import ActivationExtractor
from featurelens.interpret.dissection.census import channels, selectivity
from featurelens.interpret.dissection.correlation import Comoments, comoments, most_alike

pytestmark = pytest.mark.numeric

layers = keras.layers

KERNEL = np.array([[[[1.0, -1.0, 0.0, 2.0, -1.0]]]])
BIAS = np.array([0.0, 0.0, 1.0, 0.0, 0.5])
# the picture; its negative (never above 0); a constant 1; the picture doubled; how far the picture is below 0.5


@pytest.fixture(scope="module")
def model():
    """Layer 'conv': five 1x1 channels with ReLU, named above; then the mean of each and a dense layer."""
    made = keras.Sequential(
        [
            keras.Input((4, 6, 1)),
            layers.Conv2D(5, 1, activation="relu", name="conv"),
            layers.GlobalAveragePooling2D(name="pool"),
            layers.Dense(3, activation="softmax", name="dense", kernel_initializer=keras.initializers.Ones()),
        ]
    )
    made.get_layer("conv").set_weights([KERNEL, BIAS])
    return made


@pytest.fixture(scope="module")
def images():
    """Thirty pictures of 0.1 and 0.2 alternating; picture n has one bright place, (n % 4, n % 6), of 0.6 + n / 100."""
    pictures = np.full((30, 4, 6, 1), 0.1, np.float32)
    pictures[:, :, ::2] = 0.2
    for number in range(30):
        pictures[number, number % 4, number % 6] = 0.6 + number / 100
    return pictures


@pytest.fixture(scope="module")
def census(model, images):
    return channels(model, images, np.arange(30) % 3, "conv", patches=4, batch_size=7)


def test_dead_and_constant_channels_are_found_and_no_other(census):
    assert census.silent.tolist() == [1]
    assert census.always_active.tolist() == [0, 2, 3, 4]  # channel 4 is 0 at the one bright place of 24: 0.958
    np.testing.assert_allclose(census.active_share, [1, 0, 1, 1, 23 / 24])
    np.testing.assert_allclose(census.active_images, [1, 0, 1, 1, 1])


def test_of_many_channels_strips_of_the_products_give_all_correlations():
    rows = np.random.default_rng(0).normal(3, 1, (500, 600)).astype(np.float32)
    rows[:, 5], rows[:, 300] = 2, 2 * rows[:, 7] + 1  # a constant channel; one that follows another, strips apart
    first, second = Comoments(), Comoments()
    for start in range(0, 500, 100):
        mean, strips = comoments(rows[start : start + 100])
        (first if start < 300 else second).add(100, np.asarray(mean), [np.asarray(strip) for strip in strips])
    second.join(first)
    found, known = second.correlation(), np.delete(np.arange(600), 5)
    assert np.isnan(found[5]).all() and np.isnan(found[:, 5]).all()
    np.testing.assert_allclose(found[np.ix_(known, known)], np.corrcoef(rows[:, known].astype(np.float64).T), atol=2e-6)
    assert most_alike(found)[0][[5, 7, 300]].tolist() == [-1, 300, 7]


def test_the_threshold_decides(model, images):
    found = channels(model, images, np.arange(30) % 3, "conv", always=0.96)
    assert found.always_active.tolist() == [0, 2, 3] and found.always == 0.96


def test_twins_and_opposites_are_fully_redundant(census):
    # channel 3 is twice channel 0; channel 4 falls where they rise, but is cut off at 0, so its r is above -1
    assert census.most_like[[0, 3]].tolist() == [3, 0]
    np.testing.assert_allclose(census.redundancy[[0, 3]], 1, atol=1e-6)
    assert census.correlation[4] < 0 and 0.5 < census.redundancy[4] < 0.999
    assert census.most_like[[1, 2]].tolist() == [-1, -1] and np.isnan(census.redundancy[[1, 2]]).all()


def test_the_preferred_places_are_the_planted_ones(census):
    # the brightest are pictures 29, 28, 27, 26, at their own places
    liked = census.preferred
    assert liked.images[0].tolist() == [29, 28, 27, 26] == liked.images[3].tolist()
    assert liked.rows[0].tolist() == [29 % 4, 28 % 4, 27 % 4, 26 % 4]
    assert liked.columns[0].tolist() == [29 % 6, 28 % 6, 27 % 6, 26 % 6]
    np.testing.assert_allclose(liked.activations[0], [0.89, 0.88, 0.87, 0.86], rtol=1e-6)
    assert (liked.images[1] == -1).all() and np.isnan(liked.activations[1]).all()
    assert liked.images[2].tolist() == [0, 1, 2, 3], "at equal activations the first images"


def test_patches_are_cut_at_the_place(census, images):
    found = census.preferred.patches(images, 0)
    assert found.shape == (4, 1, 1, 1)
    np.testing.assert_allclose(found.ravel(), [0.89, 0.88, 0.87, 0.86], rtol=1e-6)
    assert len(census.preferred.patches(images, 1)) == 0


def test_a_patch_at_the_border_keeps_its_size_and_shows_what_lies_outside():
    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Conv2D(1, 3, padding="same", activation="relu", use_bias=False, name="conv"),
            layers.Flatten(),
            layers.Dense(2),
        ]
    )
    kernel = np.zeros((3, 3, 1, 1))
    kernel[1, 1] = 1  # the picture itself, seen through 3x3 pixels
    model.get_layer("conv").set_weights([kernel])
    pictures = np.arange(1, 37, dtype=np.float32).reshape(1, 6, 6, 1).repeat(3, axis=0) / 100
    corners = [(0, 0), (5, 5), (2, 3)]
    for number, (row, column) in enumerate(corners):
        pictures[number, row, column] = 3 - number
    liked = channels(model, pictures, [0, 1, 0], patches=3).preferred
    found = liked.patches(pictures, 0, outside=-1)[..., 0]
    around = np.pad(pictures[..., 0], ((0, 0), (1, 1), (1, 1)), constant_values=-1)
    assert found.shape == (3, 3, 3)
    assert liked.box(0, 0, 6, 6) == (0, 0, 2, 2) and liked.box(0, 2, 6, 6) == (1, 2, 4, 5)
    for number, (row, column) in enumerate(corners):
        np.testing.assert_array_equal(found[number], around[number, row : row + 3, column : column + 3])


def test_selectivity_by_hand():
    # means 3 and 1: (3 - 1) / (3 + 1) = 0.5; three classes (4, 1, 3): rest of the first 2, (4 - 2) / 6 = 1/3
    np.testing.assert_allclose(selectivity(np.array([[3.0, 1.0]])), [[0.5, -0.5]])
    np.testing.assert_allclose(selectivity(np.array([[4.0, 1.0, 3.0]])), [[1 / 3, (1 - 3.5) / 4.5, (3 - 2.5) / 5.5]])
    np.testing.assert_allclose(selectivity(np.array([[0.0, 2.0]])), [[-1, 1]])
    assert np.isnan(selectivity(np.array([[0.0, 0.0]]))).all(), "a channel that never fires prefers nothing"
    found = selectivity(np.array([[3.0, np.nan, 1.0]]))
    np.testing.assert_allclose(found[0, [0, 2]], [0.5, -0.5])
    assert np.isnan(found[0, 1]), "a class without images has no mean"


def test_everything_equals_loops_over_the_activations():
    model, images, labels = random_cnn(3), random_images(4, 23), np.arange(23) % 3
    census = channels(model, images, labels, "conv2", patches=3, batch_size=5)
    maps = ActivationExtractor(model, ["conv2"])(images)["conv2"].astype(np.float64)
    assert (maps > 0).any() and (maps == 0).any(), "the case is not trivial"
    flat = maps.reshape(-1, 5)
    whole = np.corrcoef(flat.T)
    for channel in range(5):
        one = maps[..., channel]
        assert census.active_share[channel] == pytest.approx((one > 0).mean())
        assert census.active_images[channel] == np.mean([(one[n] > 0).any() for n in range(23)])
        assert census.mean[channel] == pytest.approx(one.mean(), rel=1e-5)
        assert census.largest[channel] == pytest.approx(one.max(), rel=1e-6)
        means = [one[labels == label].mean() for label in range(3)]
        np.testing.assert_allclose(census.class_means[channel], means, rtol=1e-5)
        rest = [np.mean([means[j] for j in range(3) if j != k]) for k in range(3)]
        expected = [(means[k] - rest[k]) / (means[k] + rest[k]) for k in range(3)]
        np.testing.assert_allclose(census.selectivity[channel], expected, rtol=1e-4, atol=1e-6)
        others = [abs(whole[channel, other]) if other != channel else -1 for other in range(5)]
        assert census.most_like[channel] == np.argmax(others)
        assert census.redundancy[channel] == pytest.approx(max(others), rel=1e-4)
        best = sorted(range(23), key=lambda n: -one[n].max())[:3]
        assert census.preferred.images[channel].tolist() == best
        places = [np.unravel_index(one[n].argmax(), one[n].shape) for n in best]
        assert list(zip(census.preferred.rows[channel], census.preferred.columns[channel], strict=True)) == places


@pytest.mark.parametrize("batch_size", [1, 4, 100])
def test_streaming_equals_at_once(batch_size):
    model, images, labels = random_cnn(3), random_images(4, 11), np.arange(11) % 3
    one = channels(model, images, labels, "conv1", batch_size=11)
    other = channels(model, images, labels, "conv1", batch_size=batch_size)
    for name in ("active_share", "mean", "class_means", "selectivity", "correlation", "largest"):
        np.testing.assert_allclose(getattr(other, name), getattr(one, name), rtol=1e-4, atol=1e-5)
    for name in ("images", "rows", "columns"):
        np.testing.assert_array_equal(getattr(other.preferred, name), getattr(one.preferred, name))


def test_a_mean_far_from_zero_costs_no_digits():
    # r of two independent channels stays small though both lie near 1000: naive sums of products would lose it
    pictures = np.random.default_rng(0).random((40, 8, 8, 2)).astype(np.float32)
    model = keras.Sequential(
        [keras.Input((8, 8, 2)), layers.Conv2D(2, 1, name="conv"), layers.Flatten(), layers.Dense(2)]
    )
    model.get_layer("conv").set_weights([np.eye(2).reshape(1, 1, 2, 2), np.array([1000.0, 1000.0])])
    expected = np.corrcoef(pictures.reshape(-1, 2).T)[0, 1]
    found = channels(model, pictures, np.arange(40) % 2, batch_size=8).correlation
    np.testing.assert_allclose(found, [expected, expected], atol=1e-3)


def test_units_of_a_dense_layer_are_channels_of_one_place(model, images):
    census = channels(model, images, np.arange(30) % 3, "pool", patches=2)
    assert census.grid == (1, 1) and census.silent.tolist() == [1]
    assert census.preferred.patches(images, 0).shape == (2, 4, 6, 1), "a unit sees the whole picture"


def test_a_layer_without_relu_keeps_its_sign_and_its_selectivity_within_one():
    model = random_cnn(5)
    model.get_layer("conv2").activation = keras.activations.linear
    census = channels(model, random_images(4, 12), np.arange(12) % 3, "conv2")
    assert census.class_means.min() < 0 and np.abs(census.selectivity).max() <= 1


def test_what_does_not_fit_is_refused_with_what_to_do(model, images):
    with pytest.raises(ValueError, match="Did you mean 'conv'"):
        channels(model, images, np.zeros(30, int), "cnov")
    with pytest.raises(ValueError, match=r"each of the 30 images. Received none. Give int\[30\]"):
        channels(model, images, None, "conv")
    with pytest.raises(ValueError, match=r"labels as int\[30\], one for each image. Received shape \[29\]"):
        channels(model, images, np.zeros(29, int), "conv")
    with pytest.raises(ValueError, match=r"labels from 0 to 2. Received 3"):
        channels(model, images, np.full(30, 3), "conv")
    with pytest.raises(ValueError, match=r"always, a share above 0.*such as 0.95"):
        channels(model, images, np.zeros(30, int), "conv", always=1.5)
    with pytest.raises(ValueError, match="Give patches=1 or more"):
        channels(model, images, np.zeros(30, int), "conv", patches=0)
