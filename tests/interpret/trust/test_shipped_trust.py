"""The trust that ships with a model is of these weights and these images, and comes out again when measured anew."""

import numpy as np
import pytest

from featurelens.interpret import METHODS, SmoothGrad, faithfulness
from featurelens.models import fashion_mnist, load_model
from featurelens.models.model_files.loading import model_path, shipped_models
from featurelens.reports.evidence.trust import misfit
from featurelens.reports.files.trust_file import read_trust, trust_path

NAMES = [name for name in shipped_models() if trust_path(model_path(name)).is_file()]


def test_the_home_model_has_its_trust_on_file():
    assert "zero_padded_dropout" in NAMES


@pytest.mark.parametrize("name", NAMES)
def test_it_is_of_the_shipped_weights_and_images_and_of_known_methods(name):
    measured, images = read_trust(trust_path(model_path(name))), fashion_mnist("test").images
    assert misfit(measured, load_model(name), images, measured.trust.cam_layer) is None
    assert {"Grad-CAM", "HiResCAM", "Saliency"} <= measured.trust.methods.keys() <= {known.name for known in METHODS}
    assert measured.trust.lesson is not None
    for known in METHODS:
        if known.name in measured.trust.methods:
            images_measured = measured.trust.methods[known.name].images
            assert images_measured == (100 if known.is_expensive else 10_000), known.name


def test_an_expensive_method_measured_anew_gives_the_figures_on_file():
    name = "zero_padded_dropout"
    on_file = read_trust(trust_path(model_path(name))).trust
    model = load_model(name)
    methods = {"SmoothGrad": SmoothGrad(model)}
    anew = faithfulness(model, fashion_mnist("test").images, methods, steps=on_file.plan.steps, sample=100)[
        "SmoothGrad"
    ]
    kept = on_file.methods["SmoothGrad"]
    np.testing.assert_allclose(kept.curves.deletion, anew.curves.deletion.mean(axis=(0, 1)), atol=2e-3)
    np.testing.assert_allclose(kept.brightness.insertion, anew.brightness.insertion.mean(axis=(0, 1)), atol=2e-3)
    assert kept.verdict.findings[0].number.mean == pytest.approx(anew.against_random.share.mean, abs=0.02)
