"""Faithfulness on truth known beforehand: curves by hand, a planted patch, controls that know nothing, refusals."""

import sys

import numpy as np
import pytest
from hand_set_models import linear_cam_model, random_cnn, random_images
from planted_patch import noise_images, planted_maps, planted_model

from featurelens.interpret import GradCAM, InputXGradient, Saliency, infidelity
from featurelens.interpret.intervals import bootstrap_mean
from featurelens.interpret.maps.resampling import enlarged
from featurelens.interpret.pixel_removal.baselines import blanks
from featurelens.interpret.pixel_removal.faithfulness import faithfulness
from featurelens.interpret.pixel_removal.imputation import imputed
from featurelens.interpret.pixel_removal.pixel_order import pixel_ranks
from featurelens.interpret.pixel_removal.road import road
from featurelens.interpret.trust.sensitivity import max_sensitivity

pytestmark = pytest.mark.numeric


def test_curves_by_hand():
    # logit 0 = 1 * x00 + 2 * x11, logit 1 = 0; x = (4, 3), (2, 1): logit 0 is 4 + 2 = 6.
    # The map names x00, x11, x01, x10. Deleted to zero: 6, 2, 0, 0, 0; area (6/2 + 2 + 0 + 0 + 0/2) / 4 = 1.25.
    # Inserted on zero: 0, 4, 6, 6, 6; area (0/2 + 4 + 6 + 6 + 6/2) / 4 = 4.75; gain 4.75 - 1.25 = 3.5.
    # Deleted to the mean 2.5: x00 gone: 2.5 + 2 = 4.5; x11 too: 2.5 + 5 = 7.5, and so it stays.
    weights = np.zeros((2, 2, 1, 2))
    weights[:, :, 0, 0] = [[1, 0], [0, 2]]
    model, image = linear_cam_model([[1.0]], weights), np.array([[[[4], [3]], [[2], [1]]]], np.float32)
    maps = np.array([[[9, 2], [1, 8]]], np.float32)
    found = faithfulness(model, image, {"map": maps}, baselines=("zero", "mean"), steps=4, score="logit")["map"]
    np.testing.assert_allclose(found.curves.deletion[0, 0], [6, 2, 0, 0, 0], atol=1e-6)
    np.testing.assert_allclose(found.curves.insertion[0, 0], [0, 4, 6, 6, 6], atol=1e-6)
    np.testing.assert_allclose(found.curves.deletion[1, 0], [6, 4.5, 7.5, 7.5, 7.5], atol=1e-5)
    np.testing.assert_allclose(found.curves.deletion_area[0], 1.25)
    np.testing.assert_allclose(found.curves.insertion_area[0], 4.75)
    # brightness names x00, x01, x10, x11: deleted to zero 6, 2, 2, 2, 0
    np.testing.assert_allclose(found.brightness.deletion[0, 0], [6, 2, 2, 2, 0], atol=1e-6)
    np.testing.assert_allclose(found.shares, [0, 0.25, 0.5, 0.75, 1])


def test_probabilities_are_the_models_own():
    model, images = random_cnn(0), random_images(0, 3)
    found = faithfulness(model, images, {"map": Saliency(model)}, [2, 0, 1], baselines=("zero",))["map"]
    expected = np.asarray(model(images))[[0, 1, 2], [2, 0, 1]]
    np.testing.assert_allclose(found.curves.deletion[0, :, 0], expected, rtol=1e-5)
    blank = np.asarray(model(np.zeros_like(images)))[[0, 1, 2], [2, 0, 1]]
    np.testing.assert_allclose(found.curves.insertion[0, :, 0], blank, rtol=1e-5)
    assert found.score == "probability" and found.classes.tolist() == [2, 0, 1]


def test_a_planted_patch_ranks_the_methods():
    model, images = planted_model(), noise_images(0, 40)
    right = planted_maps(40)
    methods = {"right": right, "inverted": -right, "saliency": Saliency(model), "random": noise_images(1, 40)[..., 0]}
    found = faithfulness(model, images, methods, 0, score="logit", steps=8, baselines=("zero",))
    for name in ("right", "saliency"):
        assert found[name].against_random.share.mean == 1
        assert found[name].against_brightness.share.mean == 1
    assert found["inverted"].against_random.share.high < 0.1
    chance = found["random"].against_random
    assert chance.share.low < 0.5 < chance.share.high
    assert chance.advantage.low < 0 < chance.advantage.high


def test_a_map_that_says_nothing_is_exactly_its_control():
    model, images = planted_model(), noise_images(2, 12)
    methods = {"zero": np.zeros((12, 8, 8)), "small": np.full((12, 2, 2), 0.1), "bright": images[..., 0]}
    found = faithfulness(model, images, methods, 0, batch_size=50)
    np.testing.assert_array_equal(found["zero"].against_random.wins, 0.5)
    np.testing.assert_array_equal(found["small"].against_random.wins, 0.5)
    np.testing.assert_array_equal(found["bright"].against_brightness.wins, 0.5)
    assert found["zero"].against_random.advantage.mean == 0


def test_the_same_seed_gives_the_same_numbers_whatever_the_batch_size():
    model, images = random_cnn(1), random_images(1, 9)
    methods = {"cam": GradCAM(model)}

    def gains(sample=5, **settings):
        found = faithfulness(model, images, methods, sample=sample, **settings)["cam"]
        return found.numbers.tolist(), found.random.gain, found.against_random.share

    numbers, random, share = gains(seed=3)
    again, same, also = gains(seed=3, batch_size=7)
    assert numbers == again and share == also
    np.testing.assert_allclose(random, same, atol=1e-5)
    assert gains(seed=4)[0] != numbers
    assert not np.allclose(gains(None, seed=3)[1], gains(None, seed=4)[1])  # the same images, other random orders


def test_a_sample_is_stated_and_its_maps_are_the_right_ones():
    model, images = random_cnn(2), random_images(2, 9)
    all_maps = InputXGradient(model)(images)
    classes = np.arange(9) % 3
    given = faithfulness(model, images, {"m": all_maps}, classes, sample=4, seed=1)["m"]
    made = faithfulness(model, images, {"m": lambda shown, named: all_maps[given.numbers]}, classes, sample=4, seed=1)
    assert given.total == 9 and len(given.numbers) == 4
    np.testing.assert_array_equal(given.classes, classes[given.numbers])
    np.testing.assert_array_equal(given.curves.deletion, made["m"].curves.deletion)
    whole = faithfulness(model, images, {"m": all_maps}, classes, sample=None)["m"]
    np.testing.assert_allclose(given.curves.deletion, whole.curves.deletion[:, given.numbers], atol=1e-5)


def test_images_measured_in_parts_give_what_they_give_together(monkeypatch):
    model, images = random_cnn(1), random_images(1, 7)
    classes, maps = [0, 1, 2, 0, 1, 2, 0], np.random.default_rng(0).random((7, *images.shape[1:3])).astype(np.float32)
    methods = {"given": maps, "made": InputXGradient(model)}
    together = faithfulness(model, images, methods, classes, steps=3, sample=5)
    module = sys.modules["featurelens.interpret.pixel_removal.faithfulness"]
    monkeypatch.setattr(module, "_NUMBERS", 2 * 4 * maps[0].size)
    told = []
    apart = faithfulness(
        model, images, methods, classes, steps=3, sample=5, progress=lambda _, done, total: told.append((done, total))
    )
    assert len(told) >= 3 and told[-1][0] == told[-1][1]
    for name in methods:
        np.testing.assert_array_equal(apart[name].classes, together[name].classes)
        np.testing.assert_allclose(apart[name].curves.deletion, together[name].curves.deletion, atol=1e-6)
        np.testing.assert_allclose(apart[name].random.insertion, together[name].random.insertion, atol=1e-6)
        assert apart[name].against_random.share == together[name].against_random.share


def test_baselines_by_hand():
    image = np.zeros((1, 8, 8, 2), np.float32)
    image[0, 3, 4, 1] = 64
    zero, blur, mean = blanks(image, ("zero", "blur", "mean"))
    assert not zero.any()
    np.testing.assert_allclose(mean[0, :, :, 1], 1)  # 64 over 64 pixels
    assert not mean[0, :, :, 0].any()
    # sigma = 8 / 8 = 1: beside the bright pixel exp(-1/2) of what is at it, within a row whose weights sum to 1
    away_from_the_border = blur[0, 3, 5, 1] / blur[0, 3, 4, 1]
    reach = [np.exp(-0.5 * np.square(np.arange(8) - at)).sum() for at in (4, 5)]
    np.testing.assert_allclose(away_from_the_border, np.exp(-0.5) * reach[0] / reach[1], rtol=1e-5)
    np.testing.assert_allclose(blanks(np.ones((1, 5, 9, 1), np.float32), ["blur"])[0], 1, rtol=1e-6)


def test_ranks_and_enlarging_by_hand():
    ranks = pixel_ranks(np.array([[[1.0, 3.0], [1.0, -2.0]]]), np.array([[0.9, 0.1, 0.2, 0.3]]))
    np.testing.assert_array_equal(ranks, [[[2, 0], [1, 3]]])
    np.testing.assert_allclose(enlarged(np.array([[[0.0, 1.0]]]), (2, 4))[0], [[0, 0.25, 0.75, 1]] * 2)


def test_the_bootstrap_is_as_wide_as_theory_says():
    values = np.random.default_rng(0).normal(2, 3, 400)
    interval = bootstrap_mean(np.append(values, np.nan))
    half = 1.96 * values.std() / np.sqrt(400)  # the central limit theorem
    np.testing.assert_allclose([interval.low, interval.high], values.mean() + half * np.array([-1, 1]), atol=0.1 * half)
    assert interval.images == 400 and interval == bootstrap_mean(values)
    assert interval != bootstrap_mean(values, seed=1)
    assert bootstrap_mean(values, level=0.5).high < interval.high


def test_an_imputed_pixel_is_the_weighted_mean_of_its_neighbours():
    draw = np.random.default_rng(0)
    image, removed = draw.random((6, 5, 2), dtype=np.float32), draw.random((6, 5)) < 0.7
    filled = imputed(image, removed)
    np.testing.assert_array_equal(filled[~removed], image[~removed])
    for i, j in np.argwhere(removed):
        total, weights = 0, 0
        for a, b in np.ndindex(3, 3):
            row, column, weight = i + a - 1, j + b - 1, 1 / 6 if (a + b) % 2 else 1 / 12
            if (a, b) != (1, 1) and 0 <= row < 6 and 0 <= column < 5:
                total, weights = total + weight * filled[row, column], weights + weight
        np.testing.assert_allclose(filled[i, j], total / weights, atol=1e-5)


def test_road_ranks_the_planted_patch():
    right = planted_maps(24)
    model, images = planted_model(), (noise_images(3, 24) + 3 * right[..., None]) / 4  # brighter than what fills it
    methods = {"right": right, "inverted": -right, "zero": np.zeros((24, 8, 8))}
    found = road(model, images, methods, 0, score="logit", shares=(0.1, 0.5), noise=0.0)
    assert found["right"].against_random.share.mean > 0.9
    assert found["inverted"].against_random.share.high < 0.2
    np.testing.assert_array_equal(found["zero"].against_random.wins, 0.5)
    removal = found["right"].removal  # half of the pixels gone, but none of the patch: the logit stays
    logits = 4 * (images[..., 0] * right).sum(axis=(1, 2))
    np.testing.assert_allclose(removal.least[:, 1], logits, rtol=1e-5)
    assert removal.kept_least.all()


def test_road_is_repeatable_and_its_noise_counts():
    model, images = random_cnn(3), random_images(3, 6)
    methods = {"cam": GradCAM(model)}

    def most(**settings):
        return road(model, images, methods, shares=(0.4,), **settings)["cam"].removal.most

    np.testing.assert_allclose(most(seed=1), most(seed=1, batch_size=3), atol=1e-5)
    assert not np.allclose(most(noise=0.5), most(noise=0.0))


def test_sensitivity_by_hand():
    images, classes = random_images(4, 5), np.zeros(5, int)

    def echo(shown, _):
        return shown.mean(axis=-1)  # changes by the noise itself

    linear = linear_cam_model([[1.0], [1.0]], np.ones((6, 6, 1, 2)))
    np.testing.assert_array_equal(max_sensitivity(Saliency(linear), images, classes).largest, 0)
    small, large = (max_sensitivity(echo, images, classes, radius=r, samples=3) for r in (0.02, 0.04))
    np.testing.assert_allclose(large.largest, 2 * small.largest, rtol=1e-4)
    size = np.linalg.norm(echo(images, 0).reshape(5, -1), axis=1)
    limit = 0.02 * np.ptp(images.reshape(5, -1), axis=1) * 6 / size  # 36 pixels, each moved by radius * range at most
    assert (small.largest < limit).all() and (small.largest > limit / 4).all()
    more = max_sensitivity(echo, images, classes, radius=0.02, samples=6)
    assert (more.largest >= small.largest).all() and more.largest.sum() > small.largest.sum()
    assert np.isnan(max_sensitivity(lambda shown, _: shown[..., 0] * 0, images, 0).largest).all()


def test_refusals():
    model, images = planted_model(), noise_images(5, 3)
    maps = planted_maps(3)
    for measure in (faithfulness, road, infidelity):
        with pytest.raises(ValueError, match=r"by name, .*Received float32.* Write methods=.'Grad-CAM': "):
            measure(model, images, maps)
    with pytest.raises(ValueError, match="Did you mean 'blur'"):
        faithfulness(model, images, {"m": maps}, baselines=("blurr",))
    with pytest.raises(ValueError, match=r"Write baselines=\['zero'\]"):
        faithfulness(model, images, {"m": maps}, baselines="zero")
    with pytest.raises(ValueError, match="Give the maps of all images, or the method itself"):
        faithfulness(model, images, {"m": maps[:2]})
    with pytest.raises(ValueError, match="Give one map per image, summed over channels"):
        faithfulness(model, images, {"m": maps[..., None]})
    with pytest.raises(ValueError, match="Leave these images out"):
        faithfulness(model, images, {"m": maps * np.nan})
    with pytest.raises(ValueError, match="Rename the method"):
        faithfulness(model, images, {"random order": maps})
    with pytest.raises(ValueError, match="Give one of the two"):
        faithfulness(model, images, {"m": maps}, score="loss")
    with pytest.raises(ValueError, match="Give steps=2 or more"):
        faithfulness(model, images, {"m": maps}, steps=1)
    with pytest.raises(ValueError, match=r"Give an int or int\[3\]"):
        faithfulness(model, images, {"m": maps}, [0, 1])
    with pytest.raises(ValueError, match=r"Give shares=\(0.1"):
        road(model, images, {"m": maps}, shares=(0.5, 1.0))
    with pytest.raises(ValueError, match=r"Give 0\.02"):
        max_sensitivity(Saliency(model), images, 0, radius=0)
