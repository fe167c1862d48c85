"""Infidelity, complexity and average sensitivity: by hand, as loops, laws."""

import numpy as np
import pytest
from hand_set_models import linear_cam_model, random_cnn, random_images

from featurelens.interpret import InputXGradient, Saliency, complexity, infidelity, max_sensitivity
from featurelens.interpret.trust.infidelity import random_squares, unexplained

pytestmark = pytest.mark.numeric


def test_infidelity_by_hand():
    # falls (3, 4), size 25. The map's sums (6, 8): half of them are the falls: 0. (4, 3): b = 24 / 25, told 24^2 / 25 = 23.04,
    # left 1.96 / 25. (0, 0), and the reversed (-3, -4): 1
    sums = np.array([[6, 8], [4, 3], [0, 0], [-3, -4]], float)
    np.testing.assert_allclose(unexplained(sums, np.tile([3.0, 4.0], (4, 1))), [0, 1.96 / 25, 1, 1], atol=1e-12)
    assert np.isnan(unexplained(sums[:1], np.zeros((1, 2)))).all()


def test_infidelity_as_loops():
    model, images = random_cnn(1, head=None), random_images(1, 3)
    classes, baseline = np.array([0, 2, 1]), 0.4
    maps = {"signed": InputXGradient(model)(images, classes), "coarse": random_images(5, 3, size=3)[..., 0]}
    found = infidelity(model, images, maps, classes, baseline=baseline, squares=9, seed=3, batch_size=7)
    covers = random_squares(9, 6, 6, 3)
    logits = np.asarray(model(images))
    for b, label in enumerate(classes):
        falls = []
        for cover in covers:
            hidden = images[b].copy()
            hidden[cover] = baseline
            falls.append(logits[b, label] - np.asarray(model(hidden[None]))[0, label])
        sums = [maps["signed"][b][cover].sum() for cover in covers]
        factor = max(0, np.dot(sums, falls) / np.dot(sums, sums))
        expected = np.mean((factor * np.array(sums) - falls) ** 2) / np.mean(np.square(falls))
        np.testing.assert_allclose(found["signed"].values[b], expected, rtol=1e-3, atol=1e-4)
    assert ((found["coarse"].values >= 0) & (found["coarse"].values <= 1)).all()
    assert found["signed"].mean.mean == pytest.approx(found["signed"].values.mean())


def test_a_linear_models_contributions_are_told_and_a_methods_maps_are_its_own():
    weights = np.random.default_rng(2).normal(size=(6, 6, 1, 2))
    model, images = linear_cam_model([[1.0]], weights), random_images(2, 4, channels=1)
    methods = {"contributions": InputXGradient(model), "slopes": Saliency(model)}
    found = infidelity(model, images, methods, 1, squares=30)
    np.testing.assert_allclose(found["contributions"].values, 0, atol=1e-5)
    assert found["slopes"].mean.mean > 0.3, "unsigned slopes do not tell which way the score goes"
    again = infidelity(model, images, {"x": 5 * methods["contributions"](images, 1)}, 1, squares=30, batch_size=3)
    np.testing.assert_allclose(again["x"].values, 0, atol=1e-5)
    with pytest.raises(ValueError, match="Give squares=2 or more"):
        infidelity(model, images, methods, squares=1)


def test_squares_lie_within_the_image_and_have_sides_from_one_to_half():
    covers = random_squares(400, 6, 9, 0)
    tall, wide = covers.any(axis=2).sum(axis=1), covers.any(axis=1).sum(axis=1)
    assert (tall == wide).all() and set(tall) == {1, 2, 3} and (covers.sum(axis=(1, 2)) == tall * wide).all()
    assert covers.any(axis=0).all()
    assert random_squares(5, 1, 1, 0).all()


def test_complexity_by_hand():
    # shares (1/2, 1/4, 1/4, 0): ln 2 / 2 + 2 * ln 4 / 4 = 1.5 ln 2; of ln 4 that is 3/4
    maps = np.array([[[2, -1], [1, 0]], [[0, 0], [0, 5]], [[1, 1], [1, -1]], [[0, 0], [0, 0]]], float)
    found = complexity(maps)
    np.testing.assert_allclose(found.entropy, [1.5 * np.log(2), 0, np.log(4), np.nan], atol=1e-12)
    np.testing.assert_allclose(found.share, [0.75, 0, 1, np.nan], atol=1e-12)
    assert found.places == 4 and found.mean.mean == pytest.approx(3.5 * np.log(2) / 3)
    np.testing.assert_allclose(complexity(1e-9 * maps).entropy, found.entropy, atol=1e-9)
    for bad in (maps * np.nan, maps[:0]):
        with pytest.raises(ValueError, match="maps of finite values"):
            complexity(bad)


def test_average_sensitivity_is_the_mean_where_the_largest_is_the_largest():
    # the map is the image itself: its change is the noise's own size, drawn once a sample
    images = random_images(3, 4)
    seen = []

    def echo(shown, _):
        seen.append(np.asarray(shown[..., 0]))
        return shown[..., 0]

    found = max_sensitivity(echo, images, 0, samples=5)
    first, *noisy = seen
    sizes = [np.linalg.norm((each - first).reshape(4, -1), axis=1) for each in noisy]
    size = np.linalg.norm(first.reshape(4, -1), axis=1)
    np.testing.assert_allclose(found.average, np.mean(sizes, axis=0) / size, rtol=1e-5)
    np.testing.assert_allclose(found.largest, np.max(sizes, axis=0) / size, rtol=1e-5)
    assert (found.average < found.largest).all() and found.mean_average.mean == pytest.approx(found.average.mean())
