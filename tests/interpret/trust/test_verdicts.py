"""Verdicts on truth known beforehand: each level, and the words and numbers behind it."""

import numpy as np
import pytest
from planted_patch import noise_images, planted_maps, planted_model

from featurelens.interpret import Saliency
from featurelens.interpret.pixel_removal.faithfulness import faithfulness
from featurelens.interpret.sanity.weight_randomization import Randomization, randomization_check
from featurelens.interpret.trust.verdicts import verdict, verdicts


@pytest.fixture(scope="module")
def measured():
    model, images = planted_model(), noise_images(0, 40)
    right, bright = planted_maps(40), images[..., 0]
    half = np.where(np.arange(40)[:, None, None] % 5 < 3, right, -right)  # right on three images of five
    methods = {"right": right, "inverted": -right, "brightness": bright, "half": half}
    return faithfulness(model, images, methods, 0, score="logit", steps=8, baselines=("zero",))


def randomised(correlation, count=40):
    """A cascade whose last stop has this rank correlation on every image; the first has 1, and must not count."""
    values = np.stack([np.ones(count), np.full(count, correlation)]).astype(np.float32)
    numbers = np.arange(count)
    return Randomization("m", numbers, count, numbers * 0, ("dense", "conv"), values, values)


@pytest.mark.parametrize(
    ("method", "correlation", "level"),
    [
        ("right", 0.1, "good"),
        ("right", 0.7, "weak"),
        ("right", 0.95, "failed"),
        ("inverted", 0.1, "failed"),
        ("brightness", 0.1, "weak"),
        ("half", 0.1, "failed"),
    ],
)
def test_levels(measured, method, correlation, level):
    assert verdict(method, measured[method], randomised(correlation)).level == level


def test_the_words_hold_the_numbers(measured):
    found = verdict("right", measured["right"], randomised(0.1))
    assert found.words == (
        "Beats the random order on 100 % of 40 images (100 to 100 %); beats the image's brightness on 100 % of 40 images "
        "(100 to 100 %); changes when the weights are randomised (rank correlation 0.10)."
    )
    assert [finding.question for finding in found.findings] == [
        "random order",
        "brightness order",
        "randomised weights",
    ]
    assert found.findings[2].number.mean == pytest.approx(0.1)
    assert "hardly changes when the weights" in verdict("right", None, randomised(0.95)).words


def test_what_is_not_known_is_not_called_good(measured):
    assert verdict("right", None, None).level == "unknown"
    assert verdict("right", measured["right"], None).level == "unknown"
    assert verdict("inverted", measured["inverted"], None).level == "failed"
    assert verdict("right", measured["right"], randomised(np.nan)).level == "unknown"
    assert "only 19 maps can be compared" in verdict("right", measured["right"], randomised(0.1, 19)).words
    assert "only 0 of 40 maps can be compared" in verdict("right", None, randomised(np.nan)).words
    found = verdicts(["right", "other"], measured, {"right": randomised(0.1)})
    assert [each.level for each in found] == ["good", "unknown"]


def test_few_images_are_too_few():
    model, images = planted_model(), noise_images(1, 19)
    few = faithfulness(model, images, {"m": planted_maps(19)}, 0, score="logit")["m"]
    assert verdict("m", few, randomised(0.1)).level == "unknown"


def test_an_edge_detector_is_failed():
    model, images = planted_model(), noise_images(2, 30)

    def edges(_):
        return lambda shown, named: np.hypot(*np.gradient(shown[..., 0], axis=(1, 2)))

    found = randomization_check(model, images, {"edges": edges, "saliency": Saliency})
    assert verdict("edges", None, found["edges"]).level == "failed"
    assert verdict("saliency", None, found["saliency"]).level == "unknown"  # only half of the question was asked
