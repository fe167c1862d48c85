"""One pass gives what the single methods give."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from oracle import assert_equal
from small_models import SHAPE, dense, images, plain_layers, sequential

from featurelens.interpret import ActivationExtractor, Explainer, GradCAM, Saliency

pytestmark = pytest.mark.numeric

CLASSES, VERSUS = np.array([2, 1, 0]), np.array([0, 2, 1])


@pytest.fixture(scope="module")
def model() -> Any:
    return sequential()


def test_equals_the_single_methods(model: Any) -> None:
    found = Explainer(model, ["conv1", "pool"], "conv1")(images(), CLASSES, VERSUS, batch_size=2)
    assert_equal(found.grad_cam, GradCAM(model, "conv1")(images(), CLASSES, VERSUS))
    assert_equal(found.saliency, Saliency(model)(images(), CLASSES, VERSUS))
    alone = ActivationExtractor(model, ["conv1", "pool"])(images())
    assert list(found.activations) == list(alone)
    for name, activations in alone.items():
        assert_equal(found.activations[name], activations)
    np.testing.assert_array_equal(found.classes, CLASSES)
    np.testing.assert_allclose(found.probabilities, model(images()), rtol=1e-5, atol=1e-7)
    powers = np.exp(found.logits)
    assert_equal(powers / powers.sum(axis=1, keepdims=True), found.probabilities)


def test_stream_equals_the_whole(model: Any) -> None:
    explainer = Explainer(model, ["pool"])
    whole = explainer(images(count=5), batch_size=2)
    parts = []
    for part in explainer.stream(images(count=5), batch_size=2):
        with pytest.raises(ValueError, match="read-only"):
            part.grad_cam[0] = 0
        parts.append({name: np.array(getattr(part, name)) for name in ("logits", "classes", "grad_cam", "saliency")})
    assert [len(part["classes"]) for part in parts] == [2, 2, 1]
    for name in parts[0]:
        np.testing.assert_array_equal(np.concatenate([part[name] for part in parts]), getattr(whole, name))


def test_layers(model: Any) -> None:
    assert Explainer(model, [])(images()).activations == {}
    assert list(Explainer(model)(images()).activations) == ["conv1", "pool", "conv2", "flatten", "dense"]
    with pytest.raises(ValueError, match=r"no layer 'cov1'. Did you mean 'conv1'\?"):
        Explainer(model, ["cov1"])
    with pytest.raises(ValueError, match=r"Layer 'dense' puts out .*Choose one"):
        Explainer(model, cam_layer="dense")


def test_the_cam_layer_is_named(model: Any) -> None:
    assert Explainer(model).cam_layer == "conv2"
    assert Explainer(model, cam_layer="pool").cam_layer == "pool"


def test_the_proof_is_kept(model: Any) -> None:
    explainer = Explainer(model)
    assert explainer.logit_error is None
    explainer(images())
    assert explainer.logit_error is not None and explainer.logit_error < 1e-6


def test_a_model_that_was_never_called() -> None:
    late = keras.Sequential(plain_layers(dense()))
    explainer = Explainer(late)
    found = explainer(images())
    assert explainer.cam_layer == "conv2"
    at_once = sequential()
    at_once.set_weights(late.get_weights())
    assert_equal(found.saliency, Explainer(at_once)(images()).saliency)
    assert late.built and found.saliency.shape == (3, *SHAPE[:2])
