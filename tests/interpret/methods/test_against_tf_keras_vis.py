"""The maps of tf-keras-vis, where it can be made to explain logits: on a Functional model whose last activation is linear."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from oracle import assert_equal
from small_models import SHAPE, chained, dense, images, plain_layers, sequential

from featurelens.interpret import GradCAM, Saliency

pytestmark = [  # its own imports, and how it calls a Functional model
    pytest.mark.filterwarnings("ignore:Please import `zoom` from the `scipy.ndimage`:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:(?s).*The structure of `inputs` doesn't match:UserWarning"),
    pytest.mark.numeric,
]
CLASSES = [2, 0, 1]


@pytest.fixture(scope="module")
def models() -> tuple[Any, Any]:
    """A softmax model, and the Functional one with the same weights that answers logits."""
    ours, image = sequential(), keras.Input(SHAPE)
    theirs = keras.Model(image, chained(image, plain_layers(dense(activation=None))))
    theirs.set_weights(ours.get_weights())
    return ours, theirs


def test_grad_cam(models: tuple[Any, Any]) -> None:
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.utils.scores import CategoricalScore

    ours, functional = models
    expected = Gradcam(functional, clone=False)(
        CategoricalScore(CLASSES), images(), penultimate_layer="conv2", expand_cam=False, normalize_cam=False
    )
    assert_equal(GradCAM(ours)(images(), CLASSES), np.asarray(expected), share=1e-4)


def test_saliency(models: tuple[Any, Any]) -> None:
    from tf_keras_vis.saliency import Saliency as Theirs
    from tf_keras_vis.utils.scores import CategoricalScore

    ours, functional = models
    expected = Theirs(functional, clone=False)(CategoricalScore(CLASSES), images(), normalize_map=False)
    assert_equal(Saliency(ours)(images(), CLASSES), np.asarray(expected), share=1e-4)
