"""The state of single maps: kinds by hand, the gradient's saturation by hand and by GradientTape."""

import numpy as np
import pytest
import tensorflow as tf
from hand_set_models import linear_cam_model, random_cnn, random_images

from featurelens.interpret import GradCAM, IntegratedGradients, Saliency
from featurelens.interpret.maps.state import map_states
from featurelens.interpret.stream.saturation import GradCAMState, Saturation

pytestmark = pytest.mark.numeric


def test_kinds_and_extremes_by_hand():
    maps = np.array([[[0, 0]], [[0, -2]], [[0, 3]], [[-1, 2]]], np.float32)
    states = map_states(maps)
    assert [state.kind for state in states] == ["zero", "negative only", "positive", "mixed"]
    assert [(state.smallest, state.largest) for state in states] == [(0, 0), (-2, 0), (0, 3), (-1, 2)]
    assert states[1].words == "negative only: nothing speaks for the class"
    assert states[3].words == "mixed, -1 to 2 logit"
    assert np.isnan(states[0].gap) and np.isnan(states[0].saturation)
    with pytest.raises(ValueError, match="maps of finite values"):
        map_states(maps * np.nan)  # no sign can be told of it


def test_an_empty_grad_cam_is_told_from_a_negative_one():
    # class 0 has the weight -1 everywhere, class 1 none at all: evidence against, and no evidence
    weights = np.zeros((2, 2, 1, 2))
    weights[..., 0] = -1
    model, images = linear_cam_model([[1.0]], weights), np.ones((2, 2, 2, 1), np.float32)
    maps, found = GradCAM(model)(images, [0, 1]), GradCAMState(model)(images, [0, 1])
    assert not maps.any()
    states = map_states(maps, before_cut=found["signed"])
    assert [state.kind for state in states] == ["negative only", "zero"]
    assert states[0].largest == 0


def test_before_its_cut_it_is_the_grad_cam():
    model, images = random_cnn(0), random_images(0, 4)
    state = GradCAMState(model, "conv1")
    found = state(images, 1)
    signed = found["signed"]
    assert (signed < 0).any() and (signed > 0).any()
    np.testing.assert_allclose(np.maximum(signed, 0), GradCAM(model, "conv1")(images, 1), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(found["saliency"], Saliency(model)(images, 1), rtol=1e-5, atol=1e-6)
    alone = state.maps(images, 1)
    assert found.keys() - alone.keys() == {"saturation"}
    assert all((alone[name] == found[name]).all() for name in alone)
    assert (state.cam_layer, GradCAMState(model).cam_layer) == ("conv1", "conv2")


@pytest.mark.parametrize("logit", [0.0, 2.0, 40.0])
def test_saturation_of_two_classes_by_hand(logit):
    # one pixel of value 1: logits (z, 0), so p = sigmoid(z), dp/dx = p (1 - p) z and dz/dx = z; at z = 0 there is no
    # gradient. At z = 40, 1 - p = 4.2e-18, which float32 could not hold beside 1.
    model = linear_cam_model([[1.0]], [[[[logit, 0.0]]]], head="softmax")
    image = np.ones((1, 1, 1, 1), np.float32)
    expected = np.nan if logit == 0 else 1 / (1 + np.exp(-logit)) / (1 + np.exp(logit))
    np.testing.assert_allclose(Saturation(model)(image, 0), [expected], rtol=1e-5)
    unit = linear_cam_model([[1.0]], [[[[logit]]]], head="sigmoid")
    np.testing.assert_allclose(Saturation(unit)(image), [expected], rtol=1e-5)


def test_saturation_is_what_the_gradients_say():
    model, images = random_cnn(1), random_images(1, 5)
    bare = tf.keras.Model(model.inputs, model.layers[-2].output)
    kernel, bias = model.layers[-1].get_weights()
    with tf.GradientTape(persistent=True) as tape:
        x = tf.constant(images)
        tape.watch(x)
        logits = bare(x) @ kernel + bias
        probability, score = tf.nn.softmax(logits)[:, 2], logits[:, 2]
    after, before = (np.linalg.norm(tape.gradient(y, x).numpy().reshape(5, -1), axis=1) for y in (probability, score))
    np.testing.assert_allclose(Saturation(model)(images, 2), after / before, rtol=1e-3)
    np.testing.assert_allclose(GradCAMState(model)(images, 2, batch_size=2)["saturation"], after / before, rtol=1e-3)


def test_the_completeness_gap_is_handed_on():
    model, images = random_cnn(2), random_images(2, 3)
    complete = IntegratedGradients(model, steps=4).with_gap(images)
    states = map_states(complete.maps, gap=complete.gap)
    np.testing.assert_allclose([state.gap for state in states], complete.gap)
