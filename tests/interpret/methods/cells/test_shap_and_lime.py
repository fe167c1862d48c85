"""SHAP and LIME: by hand, exact Shapley values and the ridge in NumPy, the packages on their own road, laws, refusals."""

import itertools
import math

import numpy as np
import pytest
from hand_set_models import linear_cam_model, random_cnn, random_images

from featurelens.interpret import LIME, SHAP
from featurelens.interpret.methods.cells.segments import cells_of

pytestmark = pytest.mark.numeric
pytest.importorskip("shap")
pytest.importorskip("lime")


def score(model, images, label=0):
    return np.asarray(model(images), np.float64)[:, label]


def hidden(image, cells, seen, blank=0.0):
    """float32[N,H,W,C]: the image with the cells of each row of bool[N,M] seen, the others blank."""
    return np.where(seen[:, cells][..., np.newaxis], image, np.float32(blank))


# ---- cells


def test_cells_of_a_grid_are_as_equal_as_they_can_be():
    image = np.zeros((7, 5, 1))
    cells = cells_of(3, image, (7, 5), 0)
    assert cells.max() == 8 and set(np.bincount(cells.ravel())) <= {2, 3, 4, 6}
    np.testing.assert_array_equal(cells_of(9, image, (7, 5), 0).ravel(), np.arange(35))  # no cell without a pixel
    assert [cells_of(None, image, sizes, 0).max() + 1 for sizes in ((100,), (28, 28), (9, 8, 7))] == [28, 49, 64]


def test_cells_may_be_superpixels_or_given():
    from lime.wrappers.scikit_image import SegmentationAlgorithm

    image = np.kron(np.random.default_rng(0).random((16, 16, 3)), np.ones((4, 4, 1)))
    image = (image - image.min()) / np.ptp(image)
    by_lime = SegmentationAlgorithm("quickshift", kernel_size=1, max_dist=200, ratio=0.2, rng=0)(image)
    assert by_lime.max() > 20
    np.testing.assert_array_equal(cells_of("quickshift", image * 255, (64, 64), 0), by_lime)
    grey = image[..., :1]
    thrice = cells_of("quickshift", np.repeat(grey, 3, axis=2), (64, 64), 0)
    np.testing.assert_array_equal(cells_of("quickshift", grey, (64, 64), 0), thrice)
    np.testing.assert_array_equal(cells_of(np.array([[7, 7], [2, 9]]), image, (2, 2), 0), [[1, 1], [0, 2]])


# ---- by hand


def test_a_linear_model_by_hand():
    # logit 1 a + 2 b + 3 c + 4 d at (1, 2, 3, 4), hidden pixels are 0.5: w * (x - 0.5) = 0.5, 3, 7.5, 14
    weights = np.arange(1.0, 5.0).reshape(2, 2, 1, 1)
    model, image = linear_cam_model([[1.0]], weights), np.arange(1, 5, dtype=np.float32).reshape(1, 2, 2, 1)
    expected = np.reshape([0.5, 3, 7.5, 14], (2, 2))
    np.testing.assert_allclose(SHAP(model, 20, 2, 0.5)(image, 0)[0], expected, rtol=1e-5)
    # cells of a row each: (0.5 + 3) and (7.5 + 14), shared by their two pixels; LIME's weight is that of the row
    rows = np.array([[0, 0], [1, 1]])
    np.testing.assert_allclose(SHAP(model, 20, rows, 0.5)(image, 0)[0], [[1.75, 1.75], [10.75, 10.75]], rtol=1e-5)
    np.testing.assert_allclose(LIME(model, 3000, rows, 0.5)(image, 0)[0], [[3.5, 3.5], [21.5, 21.5]], rtol=0.02)


def test_two_cells_that_only_count_together_share_by_hand():
    # ReLU(x0 + x1 - 1) at (1, 1): 1 with both, 0 with either alone: half each by every order; x2 adds 2 by itself
    model = linear_cam_model([[1.0]], np.ones((1, 3, 1, 1)))
    import keras

    made = [keras.Input((1, 3, 1)), keras.layers.Flatten(), keras.layers.Dense(2, "relu"), keras.layers.Dense(1)]
    model = keras.Sequential(made)
    model.set_weights([np.array([[1, 0], [1, 0], [0, 2.0]]), np.array([-1.0, 0]), np.ones((2, 1)), np.zeros(1)])
    image = np.ones((1, 1, 3, 1), np.float32)
    np.testing.assert_allclose(SHAP(declared(model), cells=3)(image)[0, 0], [0.5, 0.5, 2], atol=1e-6)


def declared(model):
    from featurelens.interpret import declare_task

    declare_task(model, "regression")
    return model


# ---- by another road


def test_shap_is_the_mean_over_all_orders():
    model, image = random_cnn(2, head=None), random_images(2, 1)
    cells = cells_of(2, image[0], (6, 6), 0)
    seen = np.array(list(itertools.product([False, True], repeat=4)))
    worth = dict(zip(map(tuple, seen), score(model, hidden(image, cells, seen, 0.3), 1), strict=True))
    values = np.zeros(4)
    for order in itertools.permutations(range(4)):
        there = [False] * 4
        for cell in order:
            before = worth[tuple(there)]
            there[cell] = True
            values[cell] += (worth[tuple(there)] - before) / math.factorial(4)
    np.testing.assert_allclose(
        SHAP(model, cells=2, baseline=0.3)(image, 1)[0], (values / 9)[cells], rtol=1e-3, atol=1e-5
    )


def test_lime_is_a_weighted_ridge():
    model, image = random_cnn(3, head=None), random_images(3, 1)
    cells = cells_of(3, image[0], (6, 6), 0)
    draw = np.random.RandomState(4)
    shown = draw.randint(0, 2, (60, 9))
    shown[0] = 1
    scores = score(model, hidden(image, cells, shown > 0), 2)
    lengths = np.sqrt(shown.sum(axis=1))
    alike = np.divide(lengths, 3, out=np.zeros(60), where=lengths > 0)  # cosine with all ones: n / (sqrt n * sqrt 9)
    near = np.sqrt(np.exp(-np.square(1 - alike) / 0.25**2))
    x = shown - np.average(shown, axis=0, weights=near)
    y = scores - np.average(scores, weights=near)
    weights = np.linalg.solve(x.T @ (near[:, np.newaxis] * x) + np.eye(9), x.T @ (near * y))
    np.testing.assert_allclose(LIME(model, 60, 3, seed=4)(image, 2)[0], weights[cells], rtol=1e-3, atol=1e-5)


def test_lime_draws_what_the_package_would():
    from lime.lime_image import LimeImageExplainer

    model, image = random_cnn(4, head=None), random_images(4, 1)
    cells = cells_of(2, image[0], (6, 6), 0)
    drawn = np.random.RandomState(0)
    found = LimeImageExplainer(random_state=drawn).explain_instance(
        image[0],
        lambda images: np.asarray(model(images.astype(np.float32))),
        labels=(1,),
        top_labels=None,
        hide_color=0,
        num_samples=30,
        segmentation_fn=lambda _: cells,
        random_seed=0,
    )
    maps = LIME(model, 30, 2)(image, 1)
    np.testing.assert_allclose(
        maps[0], np.array([found.local_exp[1][k][1] for k in order(found)])[cells], rtol=1e-3, atol=1e-5
    )


def order(found):
    """Where the weight of each cell stands in the package's list, which is sorted by size."""
    return np.argsort([cell for cell, _ in found.local_exp[1]])


# ---- laws


@pytest.mark.parametrize("method", [SHAP, LIME])
def test_seeds_batches_and_versus(method):
    model, images = random_cnn(6), random_images(6, 3)
    explain = method(model, 60, 5, seed=1)  # of 2^25 sets: drawn
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    maps = explain(images, 1)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002 - the program's own draws go on as they would
    singles = np.concatenate([explain(image[np.newaxis], 1, batch_size=7) for image in images])
    np.testing.assert_allclose(maps, singles, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(maps - explain(images, 2), explain(images, 1, versus=2), rtol=1e-3, atol=1e-5)
    assert not np.allclose(method(model, 60, 5, seed=2)(images, 1), maps, rtol=1e-3, atol=1e-5)


def test_shap_sums_to_the_difference():
    model, images = random_cnn(7), random_images(7, 2)
    record = SHAP(model, 60, 5, 0.2).with_gap(images, [0, 2], 1)
    assert np.abs(record.expected).min() > 0.05
    np.testing.assert_allclose(record.gap, 0, atol=1e-4 * np.abs(record.maps).sum(axis=(1, 2)).max())


@pytest.mark.parametrize("method", [SHAP, LIME])
def test_null_and_planted(method):
    weights = np.zeros((4, 4, 1, 2))
    weights[0, 3, 0, 0] = 4  # in the second cell of the first row
    model, images = linear_cam_model([[1.0]], weights, "relu", "softmax"), random_images(8, 1, size=4, channels=1) + 0.5
    found = method(model, cells=2)(images, 0)[0]
    assert np.abs(found[:2, 2:] - found[0, 3]).max() == 0 and found[0, 3] > 0
    others = np.ones((4, 4), bool)
    others[:2, 2:] = False
    np.testing.assert_allclose(found[others], 0, atol=1e-2 * found[0, 3])
    np.testing.assert_array_equal(method(model, cells=2)(images, 1), 0)


@pytest.mark.parametrize("method", [SHAP, LIME])
def test_series_have_stretches(method):
    import keras

    model = keras.Sequential([keras.Input((8, 1)), keras.layers.Conv1D(1, 1, use_bias=False), keras.layers.Flatten()])
    model.add(keras.layers.Dense(2, use_bias=False))
    model.set_weights([np.ones((1, 1, 1)), np.array([[1, 0]] * 2 + [[0, 0]] * 4 + [[3, 0]] * 2, np.float32)])
    maps = method(model, cells=4)(np.ones((1, 8, 1), np.float32), 0)
    assert maps.shape == (1, 8) and maps[0, 6] == maps[0, 7] == maps.max() and abs(maps[0, 3]) < 0.05 * maps.max()


# ---- refusals


@pytest.mark.parametrize("method", [SHAP, LIME])
def test_refusals(method, monkeypatch):
    model, images = random_cnn(1), random_images(1, 1)
    with pytest.raises(ValueError, match="Give samples=72 or more, or fewer cells"):
        method(model, 50, 6)(images)
    for cells, words in (("slic", "Give cells=7"), (np.zeros((2, 2), int), "Give cells=7"), (0, "Give cells=1")):
        with pytest.raises(ValueError, match=words):
            method(model, cells=cells)(images)
    with pytest.raises(ValueError, match=r"Give a number such as 0\.0"):
        method(model, baseline=np.zeros((3, 3, 2)))(images)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ValueError, match=f"Run: pip install {method.package}"):
        method(model)
    with pytest.raises(ValueError, match="Run: pip install scikit-image"):
        cells_of("quickshift", images[0], (6, 6), 0)


def test_an_even_image_has_no_superpixels():
    with pytest.raises(ValueError, match="Give cells=7 for a grid"):
        cells_of("quickshift", np.ones((12, 12, 1)), (12, 12), 0)
