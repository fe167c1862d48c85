"""One proof per model and state; what it refuses; and a model that was changed is never explained as it was."""

from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from oracle import Case, assert_equal, by_hand
from small_models import SHAPE, conv, dense, images, plain_forward, plain_layers, sequential

from featurelens.interpret import Explainer, GradCAM, Saliency, inspect_model
from featurelens.interpret.graph.state.model_state import Structure, weights_digest
from featurelens.interpret.tracing import proof
from featurelens.interpret.tracing.traced_model import TracedModel

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
layers = keras.layers
CLASSES = np.array([0, 1, 2])


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many images the model itself was asked about, each time that it was."""
    counts: list[int] = []
    answer = TracedModel.answer

    def counting(self: TracedModel, form: Any, flat: list[np.ndarray], **how: int) -> np.ndarray:
        counts.append(len(flat[0]))
        return answer(self, form, flat, **how)

    monkeypatch.setattr(TracedModel, "answer", counting)
    return counts


def test_a_model_is_proven_once_on_four_images_twice_and_on_one_alone(asked: list[int]) -> None:
    model = sequential()
    for method in (Saliency(model), GradCAM(model), Explainer(model)):
        method(images(count=40))
    assert asked == [4, 4, 1]
    assert inspect_model(model, images(count=40)).images == 4


def test_a_proof_on_one_image_is_made_anew_where_there_are_more(asked: list[int]) -> None:
    model = sequential()
    assert inspect_model(model, images(count=1)).images == 1
    assert inspect_model(model, images(count=3)).images == 3
    assert inspect_model(model, images(count=2)).images == 3, "what was found on more holds"
    assert inspect_model(model, images(count=40)).images == 4
    del asked[:]
    Saliency(model)(images(count=40))
    assert asked == []


def test_changed_weights_are_proven_anew_by_the_next_method(asked: list[int]) -> None:
    model = sequential()
    Saliency(model)(images())
    model.layers[-1].set_weights([2 * array for array in model.layers[-1].get_weights()])
    Saliency(model)(images())
    assert asked == [3, 3, 1] * 2


def test_a_proof_dies_with_its_model() -> None:
    before = len(proof._proven)
    model = sequential()
    Saliency(model)(images())
    assert len(proof._proven) == before + 1
    del model
    gc.collect()
    assert len(proof._proven) <= before


class LessTheMean(layers.Layer):
    """Takes the mean over the batch away."""

    def call(self, inputs):
        return inputs - tf.reduce_mean(inputs, axis=0, keepdims=True)


class AlwaysTraining(layers.BatchNormalization):
    """Normalises by the batch, at prediction too."""

    def call(self, inputs, training=None, mask=None):
        return super().call(inputs, training=True, mask=mask)


@pytest.mark.parametrize("count", [1, 2, 5])
@pytest.mark.parametrize("layer", [LessTheMean, AlwaysTraining])
def test_an_answer_that_depends_on_the_batch_is_refused(layer: Callable[[], Any], count: int) -> None:
    model = keras.Sequential([keras.Input(SHAPE), conv("conv1", 4, 1), layer(), layers.Flatten(), dense()])
    before = [variable.numpy() for variable in model.variables]
    for ask in (Saliency(model), Explainer(model), lambda given: inspect_model(model, given)):
        with pytest.raises(ValueError, match=r"an image alone as in a batch.*Pass training=False"):
            ask(images(count=count))
    for expected, variable in zip(before, model.variables, strict=True):
        np.testing.assert_array_equal(expected, variable.numpy())


def adapted(model: Any) -> None:
    model.get_layer("norm").adapt(images(count=20, seed=7) * 3 + 1)


def quantized(model: Any) -> None:
    model.get_layer("dense").quantize("int8")


def other_activation(model: Any) -> None:
    model.get_layer("conv1").activation = keras.activations.tanh


def popped(model: Any) -> None:
    model.pop()
    model.add(dense(4, name="other"))


CHANGES = {"adapt": adapted, "activation": other_activation, "pop and add": popped, "quantize": quantized}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_model_is_explained_as_it_is_now(change: Callable[[Any], None]) -> None:
    norm = layers.Normalization(name="norm")
    norm.adapt(images(count=20))
    model = sequential(norm)
    saliency, cam = Saliency(model), GradCAM(model)
    before = saliency(images(), CLASSES), cam(images(), CLASSES)
    change(model)
    fresh = Saliency(model)(images(), CLASSES), GradCAM(model)(images(), CLASSES)
    assert np.abs(fresh[0] - before[0]).max() > 1e-2 * np.abs(before[0]).max() or change is quantized
    assert_equal(saliency(images(), CLASSES), fresh[0])
    assert_equal(cam(images(), CLASSES), fresh[1])


def test_after_adapt_the_map_is_that_of_the_new_mean() -> None:
    """Held against the forward pass by hand with the mean and deviation that are the layer's now."""
    norm = layers.Normalization(name="norm")
    norm.adapt(images(count=20))
    model = sequential(norm)
    saliency = Saliency(model)
    saliency(images())
    adapted(model)
    mean, deviation = np.array(norm.mean).ravel(), np.sqrt(np.array(norm.variance)).ravel()

    def forward(weights: Any, inputs: Any) -> Any:
        return plain_forward(weights, inputs, before=lambda x: (x - mean) / deviation)

    expected = by_hand(Case(model, images(), forward, "conv2"), CLASSES)
    assert_equal(saliency(images(), CLASSES), expected.saliency)


def test_a_layer_replaced_in_a_subclassed_model_is_seen() -> None:
    library = pytest.importorskip("tf_keras")  # Keras 3 refuses it by itself

    class Plain(library.Model):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.pool, self.second, self.flatten, self.head = plain_layers(library=library)

        def call(self, inputs):
            return self.head(self.flatten(self.second(self.pool(self.first(inputs)))))

    model = Plain()
    saliency = Saliency(model)
    before = saliency(images(), CLASSES)
    model.second = conv("conv2", 5, 77, library)
    after = saliency(images(), CLASSES)
    assert np.abs(after - before).max() > 0.05
    assert_equal(after, by_hand(Case(model, images(), plain_forward, "conv2"), CLASSES).saliency)


def test_training_and_predicting_change_no_structure_but_the_weights() -> None:
    model = sequential()
    model.compile("sgd", "sparse_categorical_crossentropy")
    before, weights = Structure(model), weights_digest(model)
    model.predict(images(), verbose=0)
    assert weights_digest(model) == weights
    model.fit(images(), CLASSES, verbose=0)
    assert before.is_still_of(model) and before.digest() == Structure(model).digest()
    assert weights_digest(model) != weights


class Counting(layers.Layer):
    """Counts its calls, and may add the count to what it answers."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def build(self, shape):
        self.count = self.add_weight(shape=(), initializer="zeros", trainable=False)

    def call(self, inputs):
        self.count.assign(self.count + 1)
        return inputs + self.share * self.count


def test_a_count_is_put_back_and_an_answer_that_depends_on_it_refused() -> None:
    model = sequential(Counting(0.0))
    model(images())
    before = weights_digest(model)
    for ask in (Saliency(model), GradCAM(model), Explainer(model), lambda given: inspect_model(model, given)):
        ask(images())
        assert weights_digest(model) == before
    with pytest.raises(ValueError, match="deterministic"):
        Saliency(sequential(Counting(0.1)))(images())
