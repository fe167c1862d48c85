"""Another number than a class: against GradientTape through the model's own layers, and a class's maps where it is a class."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from hand_set_models import linear_cam_model, random_cnn, random_images
from small_models import conv

from featurelens.interpret import (
    METHODS,
    GradCAM,
    HiResCAM,
    InputXGradient,
    IntegratedGradients,
    Occlusion,
    Saliency,
    TrustPlan,
    faithfulness,
    measure_trust,
    over_mask,
    over_region,
    scored,
)
from featurelens.interpret.own_scores import over_regions, scored_as
from featurelens.interpret.trust.record import Samples
from featurelens.models import Dataset
from featurelens.reports import explain, write_report

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
IMAGES = random_images(0, 5)


@pytest.fixture(scope="module")
def model() -> keras.Model:
    return random_cnn(0)


def by_tape(model: keras.Model, score) -> np.ndarray:
    """d score / d image, through the model's layers one by one."""
    image = tf.constant(IMAGES)
    with tf.GradientTape() as tape:
        tape.watch(image)
        found, values = {}, image
        for layer in model.layers:
            values = layer(values)
            found[layer.name] = values
        total = tf.reduce_sum(score(found))
    return tape.gradient(total, image).numpy()


@pytest.mark.parametrize(
    ("score", "by_hand"),
    [
        ("conv2:1", lambda found: tf.reduce_mean(found["conv2"][..., 1], axis=(1, 2))),
        ("conv1:2@3,4", lambda found: found["conv1"][:, 3, 4, 2]),
        (lambda logits: logits[:, 0] - logits[:, 2], None),
    ],
)
def test_saliency_is_the_gradient_of_the_score(score, by_hand, model):
    if by_hand is None:
        found = HiResCAM(scored(model, score))(IMAGES)
        np.testing.assert_allclose(found, HiResCAM(model)(IMAGES, 0, 2), rtol=1e-4, atol=1e-6)
        return
    slope = by_tape(model, by_hand)
    np.testing.assert_allclose(Saliency(scored(model, score))(IMAGES), np.abs(slope).max(axis=-1), rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(
        InputXGradient(scored(model, score))(IMAGES), (IMAGES * slope).sum(axis=-1), rtol=1e-4, atol=1e-6
    )


def test_the_answer_is_the_score_and_the_weights_are_the_models(model):
    made = scored(model, "conv2:1")
    inner = keras.Model(model.inputs, model.get_layer("conv2").output)
    np.testing.assert_allclose(
        made.predict(IMAGES, verbose=0)[:, 0], inner.predict(IMAGES, verbose=0)[..., 1].mean(axis=(1, 2)), rtol=1e-5
    )
    assert made.get_layer("conv2") is model.get_layer("conv2")
    assert scored_as(made).unit == "activation" and scored_as(model) is None


def test_a_score_that_is_a_class_has_that_classes_maps(model):
    one = scored(model, lambda logits: logits[:, 1], unit="logit")
    for method in (GradCAM, IntegratedGradients, lambda each: Occlusion(each, patch=2, stride=1)):
        np.testing.assert_allclose(method(one)(IMAGES), method(model)(IMAGES, 1), rtol=1e-4, atol=1e-5)


def test_of_several_numbers_classes_and_versus_choose(model):
    several = scored(model, lambda logits: logits)
    np.testing.assert_allclose(HiResCAM(several)(IMAGES, 2, 0), HiResCAM(model)(IMAGES, 2, 0), rtol=1e-4, atol=1e-6)


def test_a_dense_unit_without_places():
    model = linear_cam_model(np.ones((1, 2)), np.arange(4 * 2 * 3).reshape(2, 2, 2, 3))
    image = np.arange(4, dtype=np.float32).reshape(1, 2, 2, 1)
    np.testing.assert_allclose(HiResCAM(scored(model, "logits:1"))(image), HiResCAM(model)(image, 1), rtol=1e-5)


def test_a_class_over_a_mask_by_hand():
    keras.utils.set_random_seed(0)
    layers = keras.layers
    model = keras.Sequential(
        [keras.Input((6, 6, 1)), conv("conv1", 3, 0), layers.Conv2D(4, 1, activation="softmax", name="out")]
    )
    mask = np.zeros((6, 6), bool)
    mask[1:3, 2:5] = True
    image = np.random.default_rng(0).random((2, 6, 6, 1), dtype=np.float32)
    kernel, bias = model.get_layer("out").get_weights()
    with tf.GradientTape() as tape:
        x = tf.constant(image)
        tape.watch(x)
        logits = tf.einsum("bhwc,ck->bhwk", model.get_layer("conv1")(x), kernel[0, 0]) + bias
        total = tf.reduce_sum(logits[..., 2] * mask.astype(np.float32))
    made = scored(model, over_mask(mask, 2), unit="logit")
    np.testing.assert_allclose(
        Saliency(made)(image), np.abs(tape.gradient(total, x).numpy()).max(axis=-1), rtol=1e-4, atol=1e-6
    )
    np.testing.assert_allclose(made.predict(image, verbose=0)[:, 0].sum(), float(total), rtol=1e-4)
    with pytest.raises(ValueError, match="a mask of the answers' size"):
        scored(model, over_mask(mask[:5], 2))


def test_a_subclassed_model_and_a_function_of_its_answers():
    class Plain(keras.Model):
        def __init__(self):
            super().__init__()
            self.first, self.last = keras.layers.Flatten(), keras.layers.Dense(3)

        def call(self, x):
            return self.last(self.first(x))

    model = Plain()
    model(IMAGES)
    np.testing.assert_allclose(
        Saliency(scored(model, lambda answers: answers[:, 2]))(IMAGES),
        np.abs(model.last.kernel.numpy()[:, 2].reshape(1, *IMAGES.shape[1:])).max(axis=-1).repeat(len(IMAGES), 0),
        rtol=1e-5,
    )
    with pytest.raises(ValueError, match="a graph of its own"):
        scored(model, "first:1")


def test_pixels_are_removed_and_trust_is_measured_by_the_score(model):
    made = scored(model, "conv1:2")
    images = random_images(1, 30)
    found = faithfulness(made, images, {"map": InputXGradient(made)}, score="logit", steps=4, sample=None)["map"]
    assert found.score == "logit"
    few = Samples(curves=30, filled=0, noise=0, shuffled=10)
    known = [each for each in METHODS if each.name in ("HiResCAM", "Saliency")]
    trust = measure_trust(made, images, known, TrustPlan(cheap=few, expensive=few, steps=3))
    assert set(trust.methods) == {"HiResCAM", "Saliency"}
    assert all(each.verdict.level in ("good", "weak", "failed") for each in trust.methods.values())


@pytest.mark.parametrize(
    ("score", "told"),
    [
        ("conv3:1", r"Did you mean 'conv[12]'"),
        ("conv2:99", "Expected a channel of 'conv2', 0 to"),
        ("conv2:1@9,0", "Expected a place of 'conv2'"),
        ("conv2", "LAYER:CHANNEL"),
        (lambda logits: logits[:, None, :], r"gives \[B\] or \[B,N\]"),
    ],
)
def test_what_is_no_score_is_told(score, told, model):
    with pytest.raises(ValueError, match=told):
        scored(model, score)


def test_a_story_names_the_score_and_its_unit(model):
    story = explain(model, IMAGES[0], score="conv2:1", methods=["hirescam"])
    assert story.shown.class_names == ("conv2:1",) and story.shown.unit == "activation"
    assert "conv2:1" in story._repr_html_() and "activation" in story.shown.panels[0].note
    np.testing.assert_allclose(story.maps["HiResCAM"], HiResCAM(scored(model, "conv2:1"))(IMAGES[:1])[0], rtol=1e-5)


def test_a_report_refuses_a_score(model, tmp_path):
    data = Dataset(IMAGES, np.arange(5) % 3, ("a", "b", "c"), "made")
    with pytest.raises(ValueError, match="Expected a classifier"):
        write_report(scored(model, "conv2:1"), data, tmp_path / "p.html")


def segmenter():
    """Two maps of a 1x1 convolution, mixed by another into three classes at each pixel."""
    import keras

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((5, 6, 1)),
            layers.Conv2D(2, 1, use_bias=False, name="maps"),
            layers.Conv2D(3, 1, use_bias=False, activation="softmax", name="classes"),
        ]
    )
    model.set_weights([np.float32([[[[1, -1]]]]), np.float32([[[[2, 0, 0], [0, 1, 0.5]]]])])
    return model


def test_a_class_over_its_own_region_by_hand():
    """x > 0: logits (2x, -x, -x/2), class 0; x < 0: class 1. Class 0 over its region is 2 * the sum of the x above 0."""
    images = np.random.default_rng(0).normal(size=(3, 5, 6, 1)).astype(np.float32)
    model, above = segmenter(), np.maximum(images[..., 0], 0)
    made = scored(model, over_region(0), unit="logit")
    np.testing.assert_allclose(made(images)[:, 0], 2 * above.sum(axis=(1, 2)), rtol=1e-5)
    np.testing.assert_allclose(HiResCAM(made, "maps")(images), 2 * above, rtol=1e-5, atol=1e-6)
    weights = 2 * (images[..., 0] > 0).mean(axis=(1, 2))  # of the first map, mean over places; of the second 0
    cam = np.maximum(weights[:, None, None] * images[..., 0], 0)
    np.testing.assert_allclose(GradCAM(made, "maps")(images), cam, rtol=1e-5, atol=1e-6)
    masks = images[:1, ..., 0] > 0
    same = scored(model, over_mask(masks[0], 0), unit="logit")
    np.testing.assert_allclose(GradCAM(same, "maps")(images[:1]), cam[:1], rtol=1e-5, atol=1e-6)
    never = scored(model, over_region(2))  # x/2 is never the largest
    assert not np.any(never(images)) and not GradCAM(never, "maps")(images).any()
    with pytest.raises(ValueError, match="class 3 among them"):
        scored(model, over_region(3))


def test_a_region_of_one_channel_is_refused():
    import keras

    one = keras.Sequential([keras.Input((5, 6, 1)), keras.layers.Conv2D(1, 1, activation="sigmoid")])
    with pytest.raises(ValueError, match="two classes or more"):
        scored(one, over_region(0))


def test_each_image_of_a_sample_has_its_class_over_its_own_mask():
    """Number n is class labels[n] summed over masks[n], of every image; the map of an image's own number is by hand."""
    images = np.random.default_rng(1).normal(size=(3, 5, 6, 1)).astype(np.float32)
    masks = np.random.default_rng(2).random((3, 5, 6)) > 0.5
    labels = np.array([1, 0, 1])
    made = scored(segmenter(), over_regions(masks, labels), unit="logit")
    x = images[..., 0]
    logits = np.stack([2 * x, -x, -x / 2], axis=-1)
    expected = np.stack(
        [(logits[..., k] * mask).sum(axis=(1, 2)) for mask, k in zip(masks, labels, strict=True)], axis=1
    )
    np.testing.assert_allclose(made(images), expected, rtol=1e-4, atol=1e-5)
    plan = Samples(curves=3, filled=0, noise=0, shuffled=0)
    trust = measure_trust(
        made,
        images,
        [each for each in METHODS if each.name == "Saliency"],
        TrustPlan(plan, plan),
        explained=np.arange(3),
    )
    curves = faithfulness(
        made, images, {"Saliency": Saliency(made)}, np.arange(3), steps=trust.plan.steps, score="logit"
    )
    deletion = curves["Saliency"].curves.deletion.mean(axis=(0, 1))
    np.testing.assert_allclose(trust.methods["Saliency"].curves.deletion, deletion, rtol=1e-4, atol=1e-4)
    own = HiResCAM(made, "maps")(images, np.arange(3))
    np.testing.assert_allclose(own, [logits[n, ..., k] * masks[n] for n, k in enumerate(labels)], rtol=1e-5, atol=1e-6)


def test_one_channel_speaks_for_both_classes():
    """Of z = 3x: class 1 over where z > 0, class 0 over where it is not, with the sign turned."""
    import keras

    one = keras.Sequential([keras.Input((5, 6, 1)), keras.layers.Conv2D(1, 1, use_bias=False, activation="sigmoid")])
    one.set_weights([np.float32([[[[3]]]])])
    images = np.random.default_rng(0).normal(size=(2, 5, 6, 1)).astype(np.float32)
    for label, sign in ((1, 1), (0, -1)):
        expected = 3 * np.maximum(sign * images[..., 0], 0).sum(axis=(1, 2))
        np.testing.assert_allclose(scored(one, f"region:{label}")(images)[:, 0], expected, rtol=1e-5)
