"""A SavedModel through keras.layers.TFSMLayer: logits and maps at the input are exact, its inner layers are hidden."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from oracle import Case, assert_equal, by_hand
from small_models import SHAPE, images, plain_forward, sequential

from featurelens.interpret import ActivationExtractor, GradCAM, Saliency, inspect_model

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
CLASSES = np.array([0, 1, 2])


@pytest.fixture(scope="module")
def original() -> Any:
    return sequential()


@pytest.fixture(scope="module")
def folder(original: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "model"
    original.export(path, verbose=False)
    return path


@pytest.fixture(params=["serve", "serving_default"])
def saved(folder: Path, request: pytest.FixtureRequest) -> Any:
    layer = keras.layers.TFSMLayer(folder, call_endpoint=request.param, name="saved")
    return keras.Sequential([keras.Input(SHAPE), layer])


def test_saliency_is_of_the_logits_inside(saved: Any, original: Any) -> None:
    expected = by_hand(Case(original, images(), plain_forward, "conv2"), CLASSES)
    assert_equal(Saliency(saved)(images(), CLASSES), expected.saliency)


def test_verdict_finds_the_softmax_and_says_what_is_hidden(saved: Any) -> None:
    verdict = inspect_model(saved)
    assert (verdict.head, verdict.classes) == ("softmax", 3)
    assert verdict.logit_error < 1e-6
    assert verdict.warning is not None and "load the .keras file" in verdict.warning


def test_the_layer_alone_is_accepted(folder: Path, original: Any) -> None:
    alone = keras.layers.TFSMLayer(folder, call_endpoint="serve")
    np.testing.assert_allclose(Saliency(alone)(images()), Saliency(original)(images()), rtol=1e-5, atol=1e-7)
    assert "SavedModel" in str(inspect_model(alone, images()).warning)


def test_grad_cam_inside_is_refused(saved: Any) -> None:
    with pytest.raises(ValueError, match=r"SavedModel hides its layers.*such as Saliency"):
        GradCAM(saved)
    with pytest.raises(ValueError, match=r"no layer 'conv2'.*saved"):
        ActivationExtractor(saved, ["conv2"])


def test_as_a_backbone_it_has_a_map(original: Any, tmp_path: Path) -> None:
    trunk = keras.Model(original.inputs[0], original.get_layer("conv2").output)
    trunk.export(tmp_path / "trunk", verbose=False)
    backbone = keras.layers.TFSMLayer(tmp_path / "trunk", call_endpoint="serve", name="backbone")
    model = keras.Sequential([keras.Input(SHAPE), backbone, keras.layers.Flatten(), keras.layers.Dense(3, "softmax")])
    model(images())
    model.layers[-1].set_weights(original.get_layer("dense").get_weights())
    expected = by_hand(Case(original, images(), plain_forward, "conv2"), CLASSES)
    assert_equal(GradCAM(model, "backbone")(images(), CLASSES), expected.grad_cam)
