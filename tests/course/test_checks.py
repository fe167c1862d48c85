"""The exercises judge: right answers by another road, and for each usual slip the hint that leads on, never the result."""

from __future__ import annotations

import numpy as np
import pytest

from featurelens.course import check, images_for
from featurelens.course.exercises import EXERCISES

RANDOM = np.random.default_rng(0)
LABELS = np.array([0, 0, 0, 1, 1, 2, 2, 2, 2, 1])
SAID = np.array([0, 1, 1, 1, 0, 2, 2, 0, 2, 1])
PROBABILITIES = np.full((10, 3), 0.02)
PROBABILITIES[np.arange(10), SAID] = [0.96, 0.95, 0.5, 0.96, 0.94, 0.5, 0.96, 0.5, 0.96, 0.5]
ACTIVATIONS, GRADIENTS = np.maximum(RANDOM.normal(size=(4, 5, 3)), 0), RANDOM.normal(size=(4, 5, 3))
PICTURE = RANDOM.random((4, 5))
SIGNED = np.einsum("hwc,c->hw", ACTIVATIONS, GRADIENTS.reshape(-1, 3).mean(axis=0))
RATIOS, SURE = np.array([1e-3, 3e-3, 0.2]), np.array([0.999, 0.995, 0.6])
GIVEN = {
    "1.1": {"labels": LABELS, "predictions": SAID},
    "1.2": {"labels": LABELS, "predictions": SAID},
    "1.3": {"labels": LABELS, "probabilities": PROBABILITIES},
    "2.1": {"activations": ACTIVATIONS},
    "2.2": {"channel": ACTIVATIONS[..., 0], "picture": PICTURE},
    "2.3": {"accuracies": {"image": 0.7, "conv1": 0.9, "logits": 0.8}},
    "3.1": {"activations": ACTIVATIONS, "gradients": GRADIENTS},
    "3.2": {"ratios": RATIOS, "probabilities": SURE},
    "3.3": {"first": PICTURE, "second": SIGNED},
    "4.1": {"curve": [0.9, 0.5, 0.1]},
    "4.2": {"verdicts": {"HiResCAM": "good", "Saliency": "weak", "LayerCAM": "good"}},
    "5.1": {"before": np.array([0, 1, 1, 2]), "after": np.array([2, 2, 1, 2]), "marked": 2},
}
A, B = ACTIVATIONS[..., 0] - ACTIVATIONS[..., 0].mean(), PICTURE - PICTURE.mean()
RIGHT = {
    "1.1": 0.6,
    "1.2": (0, 1),
    "1.3": 2,
    "2.1": sum(value > 0 for value in ACTIVATIONS.ravel()) / ACTIVATIONS.size,
    "2.2": (A * B).sum() / np.sqrt((A**2).sum() * (B**2).sum()),
    "2.3": "conv1",
    "3.1": np.where(SIGNED > 0, SIGNED, 0),
    "3.2": 2e-3,
    "3.3": PICTURE - SIGNED,
    "4.1": [0.9, 0.5, 0.1],
    "4.2": ["LayerCAM", "HiResCAM"],
    "5.1": 0.5,
}


def said(capsys, number: str, answer) -> tuple[bool, str]:
    found = check(number, answer, **GIVEN[number])
    return found, capsys.readouterr().out


@pytest.mark.parametrize("number", EXERCISES)
def test_a_right_answer_is_right(number, capsys):
    found, words = said(capsys, number, RIGHT[number])
    assert found and words.startswith(f"{number} is right: ")


@pytest.mark.parametrize(
    ("number", "slip", "hint"),
    [
        ("1.1", 60.0, "percentage"),
        ("1.1", 0.4, "share of the others"),
        ("1.1", LABELS == SAID, "one number was asked for"),
        ("1.1", 0.61, "compare each prediction"),
        ("1.2", (0, 0), "diagonal"),
        ("1.2", (1, 0), "in the other order"),
        ("1.2", (2, 1), "another pair"),
        ("1.2", 3, "another form"),
        ("1.3", 6, "all sure answers"),
        ("1.3", 4, "all mistakes"),
        ("1.3", 1, "largest probability is above 0.9"),
        ("2.1", 1.0, "at least 0"),
        ("2.1", 0.123, "mean of activations > 0"),
        ("2.2", RIGHT["2.2"] ** 2, "r squared"),
        ("2.3", "conv9", "name of a layer"),
        ("2.3", "image", "another layer"),
        ("3.1", SIGNED, "negative evidence"),
        ("3.1", np.maximum((ACTIVATIONS * GRADIENTS).sum(axis=-1), 0), "place by place"),
        ("3.1", ACTIVATIONS, "Sum over the channels"),
        ("3.1", PICTURE, "average the gradients"),
        ("3.2", 0.068, "above 0.99"),
        ("3.3", SIGNED - PICTURE, "Turn it round"),
        ("3.3", PICTURE, "difference of the maps"),
        ("4.1", [0.9, 0.5], "one for each share"),
        ("4.1", [0.9, 0.5, 0.3], "strongest pixels"),
        ("4.2", ["HiResCAM"], "1 more passed"),
        ("4.2", ["HiResCAM", "LayerCAM", "Saliency"], "Saliency did not pass"),
        ("4.2", ["GradCAM"], "was not tested"),
        ("5.1", 0.75, "taken for that class before"),
        ("5.1", 0.1, "less that without"),
    ],
)
def test_a_slip_gets_the_hint_that_leads_on(number, slip, hint, capsys):
    found, words = said(capsys, number, slip)
    assert not found and hint in words and words.startswith(f"{number} is not there yet: ")


@pytest.mark.parametrize("number", EXERCISES)
def test_dots_are_no_answer(number, capsys):
    found, words = said(capsys, number, ...)
    assert not found and "no answer yet" in words


def test_what_is_missing_in_the_call_is_told():
    with pytest.raises(ValueError, match="labels=labels, predictions=predictions"):
        check("1.1", 0.5, labels=LABELS)
    with pytest.raises(ValueError, match="the number of an exercise"):
        check("9.9", 0)


def test_fewer_images_where_the_machine_is_slow(monkeypatch):
    monkeypatch.delenv("FEATURELENS_COURSE_IMAGES", raising=False)
    assert images_for(2000) == 2000
    monkeypatch.setenv("FEATURELENS_COURSE_IMAGES", "300")
    assert (images_for(2000), images_for(100)) == (300, 100)
