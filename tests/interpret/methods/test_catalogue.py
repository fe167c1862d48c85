"""The methods by name: every class of the package is among them, made as a user would make it."""

import numpy as np
import pytest
from hand_set_models import CNN_METHODS, random_cnn

from featurelens import interpret
from featurelens.interpret import AblationCAM, FusedCAM, GuidedGradCAM
from featurelens.interpret.methods.attribution import Attribution, Perturbation
from featurelens.interpret.methods.catalogue import METHODS, method_called
from featurelens.models import build_model, fashion_mnist, load_model


@pytest.fixture(scope="module")
def parts():
    return load_model("zero_padded_dropout"), fashion_mnist("test").images[:2]


def test_every_exported_attribution_method_is_known():
    exported = {
        value
        for value in vars(interpret).values()
        if isinstance(value, type)
        and issubclass(value, (Attribution, Perturbation, AblationCAM, FusedCAM, GuidedGradCAM))
    }
    model, transformer = random_cnn(0), build_model("vit")
    made = {type(known.make(transformer if known not in CNN_METHODS else model, None, 6)) for known in METHODS}
    assert made == exported


@pytest.mark.parametrize("known", CNN_METHODS, ids=lambda known: known.slug)
def test_maps_have_the_sign_that_is_told(parts, known):
    model, images = parts
    maps = known.make(model, None, 28)(images, 3)
    assert maps.shape[0] == 2 and maps.ndim == 3 and np.isfinite(maps).all()
    assert (maps < 0).any() == known.signed or known.name == "RISE"


def test_the_layer_is_handed_on(parts):
    model, images = parts
    for known in CNN_METHODS:
        if known.is_at_layer and known.name != "Guided Grad-CAM":
            assert known.make(model, "conv1", 28)(images, 3).shape == (2, 28, 28), known.name


@pytest.mark.parametrize("name", ["Grad-CAM++", "grad-cam++", "grad-camplusplus", "GRAD-CAM++"])
def test_names_are_found_in_any_case(name):
    found = method_called(name)
    assert found is not None and found.name == "Grad-CAM++"


def test_the_usual_ones_are_thirteen_and_come_first():
    assert METHODS.usual == tuple(METHODS[:13]) and not any(known.is_usual for known in METHODS[13:])


def test_slugs_are_unique_and_an_unknown_name_is_none():
    assert len({known.slug for known in METHODS}) == len(METHODS)
    assert method_called("grad-kam") is None


def test_the_patch_of_occlusion_grows_with_the_image(parts):
    occlusion = method_called("occlusion")
    assert occlusion is not None
    made = {side: occlusion.make(parts[0], None, side) for side in (8, 28, 224)}
    assert {side: (method.patch, method.stride) for side, method in made.items()} == {
        8: (4, 2),
        28: (4, 2),
        224: (32, 16),
    }
