"""The oracle can fail: a fault of the kind that is made is far outside of what rounding explains, in every dtype."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
import tensorflow as tf
from model_variants import mixed
from oracle import Answer, Case, Weights, assert_equal, by_hand

from featurelens.interpret import Explainer, Explanation

pytestmark = pytest.mark.numeric

CLASSES = np.array([1, 0, 2])
POLICIES = ("float32", "mixed_float16", "mixed_bfloat16")


@cache
def found(policy: str) -> tuple[Case, Explanation]:
    case = mixed(policy)
    return case, Explainer(case.model)(case.images, CLASSES)


def changed(case: Case, layer: str, what: int, keep: np.ndarray) -> Case:
    """The same by hand, but for the layer's kernel (what=0) or bias (what=1), which is multiplied by `keep`."""

    def forward(weights: Weights, inputs: list[tf.Tensor]):
        def but_one(path: str) -> list[tf.Tensor]:
            known = weights(path)
            return [tensor * keep if path == layer and i == what else tensor for i, tensor in enumerate(known)]

        return case.forward(but_one, inputs)

    return replace(case, forward=forward)


def but_for_one_channel() -> np.ndarray:
    """1 for every weight of the dense layer but those of the last of conv2's channels."""
    keep = np.ones((4, 4, 5, 3), np.float32)
    keep[:, :, -1] = 0
    return keep.reshape(80, 3)


def parts(answer: Answer | Explanation) -> dict[str, np.ndarray]:
    layers = answer.layers if isinstance(answer, Answer) else answer.activations
    known = {"logits": answer.logits, "grad_cam": answer.grad_cam, "saliency": answer.saliency}
    return known | {name: layers[name] for name in ("conv1", "pool", "conv2")}


@pytest.mark.parametrize("policy", POLICIES)
def test_a_right_answer_passes(policy: str) -> None:
    case, answer = found(policy)
    expected = parts(by_hand(case, CLASSES))
    for name, values in parts(answer).items():
        assert_equal(values, expected[name])


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        (lambda case: by_hand(replace(case, cam_layer="pool"), CLASSES), ["grad_cam"]),
        (lambda case: by_hand(case, np.roll(CLASSES, 1)), ["grad_cam", "saliency"]),
        (lambda case: by_hand(changed(case, "conv1", 1, np.float32(0)), CLASSES), ["conv1", "pool"]),
        (lambda case: by_hand(changed(case, "conv2", 1, np.float32(0)), CLASSES), ["conv2"]),
        (
            lambda case: by_hand(changed(case, "dense", 0, but_for_one_channel()), CLASSES),
            ["logits", "grad_cam", "saliency"],
        ),
    ],
    ids=["another layer", "another class", "no first bias", "no second bias", "a channel left out"],
)
def test_a_planted_fault_fails(policy: str, fault, seen: list[str]) -> None:
    case, answer = found(policy)
    wrong = parts(fault(case))
    for name in seen:
        with pytest.raises(AssertionError, match="differs by"):
            assert_equal(parts(answer)[name], wrong[name])
