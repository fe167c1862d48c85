"""Randomised weights and labels: an edge detector must fail, a gradient must change, the user's model must not."""

from functools import partial

import keras
import numpy as np
import pytest
from hand_set_models import random_cnn, random_images
from model_kinds import PACKAGINGS
from scipy.stats import spearmanr
from small_models import dense

from featurelens.interpret import GradCAM, HiResCAM, Saliency
from featurelens.interpret.methods.catalogue import made_once
from featurelens.interpret.methods.class_activation import at_layer, hi_res_cam
from featurelens.interpret.methods.gradients import at_image
from featurelens.interpret.sanity.independent_copy import independent_copy
from featurelens.interpret.sanity.map_similarity import rank_correlation, structural_similarity
from featurelens.interpret.sanity.random_labels import random_label_check
from featurelens.interpret.sanity.weight_randomization import randomization_check
from featurelens.interpret.sanity.weight_shuffling import layers_from_the_last, shuffle
from featurelens.interpret.stream.joint_maps import JointMaps

pytestmark = pytest.mark.filterwarnings(  # Keras's own, when it saves
    "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning:keras.src.backend.tensorflow.core"
)
COPIERS = {"softmax by tf.nn": lambda model: type(model)(dense(activation=None))}  # made with an argument


def edges(model):
    """A 'method' that ignores the model: the size of the image's own gradient."""

    def method(images, classes):
        down, right = np.gradient(images.mean(axis=-1), axis=(1, 2))
        return np.hypot(down, right)

    return method


def test_an_edge_detector_fails_and_saliency_does_not():
    model, images = random_cnn(0), random_images(0, 20)
    found = randomization_check(model, images, {"edges": edges, "saliency": Saliency, "cam": GradCAM})
    assert found["edges"].layers == ("dense", "conv2", "conv1")
    np.testing.assert_array_equal(found["edges"].rank_correlation, 1)
    np.testing.assert_allclose(found["edges"].ssim, 1, rtol=1e-6)
    assert found["saliency"].rank_correlation.shape == (3, 20)
    assert np.nanmean(found["saliency"].rank_correlation[-1]) < 0.5
    assert np.nanmean(found["saliency"].ssim[-1]) < 0.7
    assert found["saliency"].total == 20


def test_the_sign_does_not_count():
    model, images = random_cnn(0), random_images(0, 4)
    calls = []

    def flipping(_):
        calls.append(None)
        return lambda shown, named: shown[..., 0] * (-1) ** len(calls)

    assert (randomization_check(model, images, {"m": flipping})["m"].rank_correlation == 1).all()
    assert len(calls) == 4  # the trained model, and a stop at each of three layers


def test_the_class_explained_stays_that_of_the_trained_model():
    model, images = random_cnn(1), random_images(1, 8)
    asked = []

    def listening(_):
        return lambda shown, named: asked.append(named) or shown[..., 0]

    found = randomization_check(model, images, {"m": listening}, sample=5, seed=2)["m"]
    predicted = np.asarray(model(images)).argmax(axis=1)[found.numbers]
    for named in asked:
        np.testing.assert_array_equal(named, predicted)
    found = randomization_check(model, images, {"m": listening}, 2, sample=5)["m"]
    assert (found.classes == 2).all()


def test_the_users_model_is_untouched():
    model, images = random_cnn(2), random_images(2, 6)
    before, parts = [array.copy() for array in model.get_weights()], [dict(vars(layer)) for layer in model.layers]
    randomization_check(model, images, {"saliency": Saliency})
    random_label_check(model, images, {"saliency": Saliency}, images, np.arange(6) % 3)

    def crashing(_):
        raise RuntimeError("a method's own error")

    with pytest.raises(RuntimeError, match="own error"):
        randomization_check(model, images, {"crash": crashing})
    for old, new in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert all("call" not in vars(layer) for layer in model.layers)
    assert [set(old) for old in parts] == [set(vars(layer)) for layer in model.layers]


def test_the_same_seed_gives_the_same_numbers():
    model, images = random_cnn(3), random_images(3, 6)

    def measured(seed):
        return randomization_check(model, images, {"s": Saliency}, seed=seed, stops=1)["s"].rank_correlation

    np.testing.assert_allclose(measured(1), measured(1), atol=1e-5)
    assert not np.allclose(measured(1), measured(2))


def test_fewer_stops_randomise_the_layers_between_too():
    model, images = random_cnn(4), random_images(4, 6)
    every = randomization_check(model, images, {"s": Saliency})["s"]
    few = randomization_check(model, images, {"s": Saliency}, stops=2)["s"]
    assert few.layers == ("dense", "conv1")
    np.testing.assert_allclose(few.rank_correlation, every.rank_correlation[[0, 2]], atol=1e-4)


@pytest.mark.parametrize("kind", PACKAGINGS)
def test_every_kind_of_model_can_be_copied(kind):
    case = PACKAGINGS[kind]()
    copied = independent_copy(case.model, case.images, COPIERS.get(kind))
    before = np.asarray(case.model(case.images))
    np.testing.assert_allclose(np.asarray(copied(case.images)), before, rtol=1e-4, atol=1e-5)
    layers = layers_from_the_last(copied, case.images, output=None, wrt=None)
    assert layers[0].name == "dense" and len(layers) == len(case.model.weights) // 2
    for layer in layers:
        shuffle(layer, np.random.default_rng(0))
    np.testing.assert_array_equal(np.asarray(case.model(case.images)), before)
    assert not np.allclose(np.asarray(copied(case.images)), before, atol=1e-3)


class OnlyByHand(keras.Model):
    """A model that nobody can build from its config: a layer is made elsewhere."""

    def __init__(self, make):
        super().__init__()
        self.conv, self.flatten, self.head = make(), keras.layers.Flatten(), keras.layers.Dense(3)

    def call(self, inputs):
        return self.head(self.flatten(self.conv(inputs)))


def test_a_model_that_cannot_be_copied_asks_for_a_copier():
    def build(_=None):
        return OnlyByHand(lambda: keras.layers.Conv2D(4, 3, activation="relu", name="conv"))

    model, images = build(), random_images(5, 6)
    model(images)
    with pytest.raises(ValueError, match=r"Give copier=, a function that builds such a model anew"):
        randomization_check(model, images, {"s": Saliency})
    with pytest.raises(ValueError, match="it shares layers or weights with the model"):
        randomization_check(model, images, {"s": Saliency}, copier=lambda same: same)
    with pytest.raises(ValueError, match="shares"):
        independent_copy(model, images, lambda _: keras.Sequential([model]))
    found = randomization_check(model, images, {"s": Saliency}, copier=build)["s"]
    assert len(found.layers) == 2


def test_a_copy_that_answers_otherwise_is_refused():
    model, images = random_cnn(5, head=None), random_images(5, 3)
    with pytest.raises(ValueError, match="it does not answer as the model does"):
        independent_copy(model, images, lambda _: random_cnn(5, head="softmax"))


def test_a_model_without_weights_is_refused():
    model = keras.Sequential([keras.Input((6, 6, 2)), keras.layers.GlobalAveragePooling2D()])
    with pytest.raises(ValueError, match="Give a trained model"):
        randomization_check(model, random_images(6, 3), {"s": Saliency})


def test_random_labels_are_learnt_by_a_copy():
    model, images = random_cnn(6), random_images(6, 30)
    labels = np.arange(30) % 3
    methods = {"edges": edges, "saliency": Saliency}
    found = random_label_check(model, images, methods, images, labels, epochs=60, seed=1)
    lesson = found["edges"].lesson
    assert (lesson.images, lesson.epochs, lesson.chance) == (30, 60, 1 / 3)
    assert lesson.accuracy > 0.45  # it learns labels that say nothing by heart
    assert (found["edges"].rank_correlation == 1).all()
    assert np.nanmean(found["saliency"].rank_correlation) < 0.6
    short = [random_label_check(model, images, methods, images, labels, seed=s)["saliency"] for s in (1, 1, 2)]
    np.testing.assert_allclose(short[0].ssim, short[1].ssim, atol=1e-4)
    assert not np.allclose(short[0].ssim, short[2].ssim, equal_nan=True)
    with pytest.raises(ValueError, match=r"Give int\[30\]"):
        random_label_check(model, images, methods, images, labels[:5])


def test_rank_correlation_is_scipys():
    draw = np.random.default_rng(0)
    one, other = draw.integers(0, 5, (4, 3, 5)), draw.integers(0, 5, (4, 3, 5))  # many ties
    expected = [spearmanr(a.ravel(), b.ravel()).statistic for a, b in zip(one, other, strict=True)]
    np.testing.assert_allclose(rank_correlation(one, other), expected, rtol=1e-5)
    assert np.isnan(rank_correlation(one, np.ones((4, 3, 5)))).all()


@pytest.mark.parametrize("size", [(14, 13), (7, 6)])
def test_structural_similarity_as_loops(size):
    draw = np.random.default_rng(1)
    one, other = draw.random(size), draw.random(size)
    a, b, total = one / one.max(), other / other.max(), 0
    for i, j in np.ndindex(size):
        rows, columns = np.mgrid[: size[0], : size[1]]
        window = np.exp(-((rows - i) ** 2 + (columns - j) ** 2) / (2 * 1.5**2))
        window[(abs(rows - i) > 5) | (abs(columns - j) > 5)] = 0  # 11 x 11, cut off at the border
        window /= window.sum()
        m, n = (window * a).sum(), (window * b).sum()
        s, t, st = (window * a * a).sum() - m * m, (window * b * b).sum() - n * n, (window * a * b).sum() - m * n
        total += (2 * m * n + 1e-4) * (2 * st + 9e-4) / ((m * m + n * n + 1e-4) * (s + t + 9e-4))
    np.testing.assert_allclose(structural_similarity(one[None], 5 * other[None]), [total / one.size], rtol=1e-6)
    assert np.isnan(structural_similarity(one[None], np.zeros((1, *size)))).all()
    np.testing.assert_allclose(structural_similarity(np.ones((1, *size)), np.full((1, *size), 3.0)), 1, rtol=1e-6)


def test_methods_of_one_program_change_as_each_does_alone():
    model, images = random_cnn(0), random_images(0, 12)
    parts = {"slopes": at_image(lambda _, slope, axes: abs(slope)[..., 0]), "cam": at_layer("conv1", hi_res_cam)}
    joint = made_once(lambda copied: JointMaps(copied, parts))
    found = randomization_check(model, images, {name: partial(_one, joint, name) for name in parts}, seed=3)
    alone = {"slopes": lambda copied: lambda *asked: JointMaps(copied, parts)["slopes"](*asked)}
    alone["cam"] = lambda copied: HiResCAM(copied, "conv1")
    expected = randomization_check(model, images, alone, seed=3)
    for name in parts:
        np.testing.assert_allclose(found[name].rank_correlation, expected[name].rank_correlation, atol=1e-3)
        np.testing.assert_allclose(found[name].ssim, expected[name].ssim, atol=1e-4)
    assert np.nanmean(found["slopes"].rank_correlation[-1]) < 0.9, "the weights that the program reads were shuffled"


def _one(joint, name, model):
    return joint(model)[name]
