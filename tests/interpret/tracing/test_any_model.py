"""Every kind of model, every method: the maps are those of a forward pass by hand."""

from __future__ import annotations

import numpy as np
import pytest
from model_kinds import PACKAGINGS
from model_variants import VARIANTS
from oracle import Case, assert_equal, by_hand

from featurelens.interpret import ActivationExtractor, Explainer, GradCAM, Saliency, inspect_model

pytestmark = pytest.mark.filterwarnings(  # Keras's own, when it saves
    "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning:keras.src.backend.tensorflow.core"
)
KINDS = {**PACKAGINGS, **VARIANTS}
CLASSES = np.array([1, 0, 1])
VERSUS = np.array([0, 1, 0])


@pytest.fixture(scope="module", params=KINDS)
def case(request: pytest.FixtureRequest) -> Case:
    return KINDS[request.param]()


@pytest.fixture(scope="module", params=PACKAGINGS)
def packaged(request: pytest.FixtureRequest) -> Case:
    """What an `Explainer` gives of every kind, its parts give by themselves, however the model is put together."""
    return KINDS[request.param]()


def test_activations(packaged: Case) -> None:
    case = packaged
    found = ActivationExtractor(case.model, output=case.output, wrt=case.wrt)(case.images)
    expected = by_hand(case, CLASSES).layers
    for name, activations in expected.items():
        assert_equal(found[name], activations)


def test_grad_cam(packaged: Case) -> None:
    case = packaged
    found = GradCAM(case.model, output=case.output, wrt=case.wrt)(case.images, CLASSES)
    assert_equal(found, by_hand(case, CLASSES).grad_cam)


def test_saliency(case: Case) -> None:
    found = Saliency(case.model, output=case.output, wrt=case.wrt)(case.images, CLASSES, VERSUS)
    assert_equal(found, by_hand(case, CLASSES, VERSUS).saliency)


@pytest.mark.numeric  # it gives what the others give
def test_explainer(case: Case) -> None:
    found = Explainer(case.model, output=case.output, wrt=case.wrt)(case.images)
    logits = by_hand(case, CLASSES).logits
    expected = by_hand(case, logits.argmax(axis=1))
    np.testing.assert_array_equal(found.classes, logits.argmax(axis=1))
    assert_equal(found.logits, expected.logits)
    assert_equal(found.grad_cam, expected.grad_cam)
    assert_equal(found.saliency, expected.saliency)
    for name, activations in expected.layers.items():
        assert_equal(found.activations[name], activations)


def test_inspect_model(case: Case) -> None:
    verdict = inspect_model(case.model, case.images, output=case.output, wrt=case.wrt)
    expected = by_hand(case, CLASSES)
    assert verdict.head == case.head
    assert verdict.classes == expected.logits.shape[1]
    assert verdict.images == 3
    if case.cam_layer == "dilated":  # without padding its places lie inside of the picture
        assert "lie at pixels 2 to 5 of 0 to 7" in (verdict.warning or "")
    elif "add" in expected.layers:
        assert "add has them all: layer='add'" in (verdict.warning or "")
    elif "float16" in case.model.compute_dtype:
        assert f"computes in {case.model.compute_dtype}" in (verdict.warning or "")
    else:
        assert verdict.warning is None
    for name, activations in expected.layers.items():
        layer = verdict.layer(name)
        assert all(size in (None, known) for size, known in zip(layer.output_shape, activations.shape[1:], strict=True))
        assert layer.spatial
        if case.wrt is None:  # with two images, a layer may not follow from the one asked about
            assert layer.receptive_field is not None and layer.receptive_field.rows.size > 1
