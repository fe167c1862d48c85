"""The networks of keras.applications, against GradientTape through a Keras graph and the last layer by hand."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from oracle import assert_equal, cam
from small_models import images

from featurelens.interpret import Explainer, inspect_model

pytestmark = [
    pytest.mark.numeric,
    pytest.mark.filterwarnings("ignore:The images range from 0"),  # weights are random: no range is the wrong one
]

SHAPE = (64, 32, 3)
LAST_CONVOLUTION = {
    "MobileNetV2": "Conv_1",
    "ResNet50": "conv5_block3_3_conv",
    "EfficientNetB0": "top_conv",
    "ConvNeXtTiny": "convnext_tiny_stage_3_block_2_depthwise_conv",
}
JOINED = {"MobileNetV2": None, "ResNet50": "conv5_block3_out"}  # behind the addition that goes by the last convolution
FIELD = {"MobileNetV2": 491, "ResNet50": 483}  # pixels; Araujo, Norris, Sim, Distill 2019, table of networks


@pytest.mark.parametrize("name", LAST_CONVOLUTION)
def test_explainer(name: str) -> None:
    x = np.repeat(images(SHAPE, count=1) * 255, 2, axis=0)
    classes, versus = np.array([1, 2]), np.array([2, 1])  # opposite scores: one of the maps is not all zero
    keras.utils.set_random_seed(1)
    model = getattr(keras.applications, name)(weights=None, input_shape=SHAPE, classes=4)
    layer = LAST_CONVOLUTION[name]
    explainer = Explainer(model, layers=[layer])
    found = explainer(x, classes, versus)

    inner = keras.Model(model.inputs[0], [model.get_layer(layer).output, model.layers[-1].input])
    with tf.GradientTape() as tape:
        tape.watch(image := tf.constant(x))
        activations, features = inner(image, training=False)
        logits = features @ model.layers[-1].kernel + model.layers[-1].bias
        score = tf.gather(logits, classes, batch_dims=1) - tf.gather(logits, versus, batch_dims=1)
    at_layer, at_image = tape.gradient(score, [activations, image])
    assert explainer.cam_layer == layer
    assert_equal(found.logits, logits.numpy(), least=0)
    assert_equal(found.activations[layer], activations.numpy(), least=0)
    assert_equal(found.grad_cam, cam(activations.numpy(), at_layer.numpy()), least=0)
    assert_equal(found.saliency, np.abs(at_image.numpy()).max(axis=-1), least=0)


@pytest.mark.parametrize("name", FIELD)
def test_receptive_field(name: str) -> None:
    verdict = inspect_model(getattr(keras.applications, name)(weights=None, input_shape=SHAPE))
    field = verdict.layer(LAST_CONVOLUTION[name]).receptive_field
    assert field is not None
    assert (field.rows.size, field.rows.stride) == (FIELD[name], 32)
    assert (verdict.head, verdict.classes) == ("softmax", 1000)
    assert verdict.warning is None if JOINED[name] is None else f"layer='{JOINED[name]}'" in str(verdict.warning)
