"""Several methods out of one program: each map as the method makes it alone, in one run."""

from __future__ import annotations

import numpy as np
import pytest
from hand_set_models import CNN_METHODS
from small_models import images, sequential

from featurelens.interpret.stream.joint_maps import JointMaps, maps_of
from featurelens.interpret.tracing.batched_graph import Program

CLASSES = np.array([0, 1, 2, 2, 0])
GIVEN = images(count=5)
KNOWN = {known.name: known for known in CNN_METHODS if known.compute is not None}


@pytest.fixture(scope="module")
def parts():
    model = sequential()
    return model, JointMaps(model, {name: known.compute("conv1") for name, known in KNOWN.items()})


def test_which_methods_can_share_a_program():
    usual = {"Grad-CAM", "Grad-CAM++", "HiResCAM", "LayerCAM", "Saliency", "Input x Gradient"}
    assert set(KNOWN) == usual | {"XGrad-CAM", "Eigen-CAM", "Finer-CAM"}


@pytest.mark.parametrize("name", KNOWN)
def test_each_map_is_that_of_the_method_alone(name, parts):
    model, joint = parts
    expected = KNOWN[name].make(model, "conv1", 8)(GIVEN, CLASSES)
    assert np.ptp(expected) > 1e-3
    np.testing.assert_allclose(joint.maps(GIVEN, CLASSES)[name], expected, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(joint[name](GIVEN, CLASSES), expected, rtol=1e-5, atol=1e-6)


def test_one_run_for_all_of_them_and_the_others_one_by_one(parts, monkeypatch):
    _, joint = parts
    runs, run = [], Program.run
    monkeypatch.setattr(Program, "run", lambda *given, **settings: runs.append(1) or run(*given, **settings))
    methods = {"other": lambda shown, named: shown[..., 0] * 0 + named[:, None, None], **joint}
    found = maps_of(methods, GIVEN, CLASSES)
    assert len(runs) == 1 and joint.program.tracings == 1
    assert list(found) == ["other", *KNOWN] or set(found) == {"other", *KNOWN}
    np.testing.assert_array_equal(found["other"][:, 0, 0], CLASSES)
    np.testing.assert_allclose(found["Saliency"], joint["Saliency"](GIVEN, CLASSES), rtol=1e-6)


def test_a_method_that_is_not_among_them_is_no_key(parts):
    assert "RISE" not in parts[1] and len(parts[1]) == len(KNOWN)
    with pytest.raises(KeyError):
        parts[1]["RISE"]
