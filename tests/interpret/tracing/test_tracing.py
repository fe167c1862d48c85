"""The trace leaves no trace: the model is as it was, and tracing happens once."""

from __future__ import annotations

import gc
import threading
import weakref
from typing import Any

import keras
import numpy as np
import pytest
from model_kinds import nested, subclassed
from oracle import assert_equal
from small_models import SHAPE, conv, dense, images, plain_layers, sequential

from featurelens.interpret import ActivationExtractor, Explainer, GradCAM, Saliency
from featurelens.interpret.tracing.batched_graph import Program
from featurelens.interpret.tracing.traced_model import TracedModel

layers = keras.layers


class Failing(keras.layers.Layer):
    """Raises when it is told to."""

    fails = False

    def call(self, inputs):
        if self.fails:
            raise RuntimeError("out of order")
        return inputs


@pytest.fixture
def trained() -> Any:
    """A model with an optimizer and an activity regulariser, after two steps."""
    first = layers.Conv2D(4, 3, activation="relu", name="conv1", activity_regularizer="l2")
    norm, failing = layers.BatchNormalization(), Failing(name="failing")
    model = keras.Sequential([keras.Input(SHAPE), first, norm, layers.Dropout(0.5), failing, layers.Flatten(), dense()])
    model.compile("adam", "sparse_categorical_crossentropy")
    for _ in range(2):
        model.train_on_batch(images(), np.array([0, 1, 2]))
    model(images())  # leaves the loss of these images on the layer
    return model


def state(model: Any) -> dict[str, Any]:
    return {
        "weights": [array.copy() for array in model.get_weights()],
        "optimizer": [variable.numpy() for variable in model.optimizer.variables],
        "losses": [float(loss) for loss in model.losses],
        "own call": ["call" in vars(layer) for layer in model._flatten_layers()],
        "attributes": [sorted(vars(layer)) for layer in model._flatten_layers()],
        "trainable": model.trainable,
    }


def assert_as_before(model: Any, before: dict[str, Any]) -> None:
    now = state(model)
    for kind in ("weights", "optimizer"):
        assert before[kind], "the case is trivial"
        for expected, actual in zip(before[kind], now[kind], strict=True):
            np.testing.assert_array_equal(expected, actual)
    for kind in ("losses", "own call", "attributes", "trainable"):
        assert before[kind] == now[kind]


def test_the_model_is_left_as_it_was(trained: Any) -> None:
    before = state(trained)
    assert before["losses"] and before["losses"][0] > 0, "the case is trivial"
    Explainer(trained)(images(seed=5))
    assert_as_before(trained, before)
    trained.train_on_batch(images(), np.array([0, 1, 2]))  # and can still be trained


def test_the_model_is_left_as_it_was_after_an_error(trained: Any) -> None:
    before = state(trained)
    trained.get_layer("failing").fails = True
    with pytest.raises(RuntimeError, match="out of order"):
        Explainer(trained)
    trained.get_layer("failing").fails = False
    trained.get_layer("failing").__dict__.pop("fails")
    assert_as_before(trained, before)
    assert Saliency(trained)(images()).max() > 0


def test_an_own_call_is_put_back() -> None:
    model = sequential()
    replaced = model.layers[0].call
    object.__setattr__(model.layers[0], "call", replaced)
    GradCAM(model)
    assert vars(model.layers[0])["call"] is replaced


def test_traced_once_per_signature() -> None:
    program = Program(TracedModel(sequential()), lambda taps, scores: {"map": taps.image})
    assert program.tracings == 1  # when it is made: an unknown layer is found before any image is
    for count in (3, 2, 1):
        program.run(images(count=count), batch_size=2)
    assert program.tracings == 1
    undeclared = Program(TracedModel(subclassed().model), lambda taps, scores: {"map": taps.image})
    assert undeclared.tracings == 0
    for shape in ((3, *SHAPE), (2, *SHAPE)):
        undeclared.run(np.ones(shape, np.float32))
    assert undeclared.tracings == 1


def test_changed_weights_are_seen_without_a_new_trace() -> None:
    model = sequential(head=dense(activation=None))
    saliency = Saliency(model)
    before = saliency(images(), 1)
    kernel, bias = model.layers[-1].get_weights()
    model.layers[-1].set_weights([2 * kernel, bias])
    assert_equal(saliency(images(), 1), 2 * before)
    assert saliency._program.tracings == 1


def test_nothing_keeps_a_model_alive() -> None:
    model = sequential()
    explainer = Explainer(model)
    explainer(images())
    alive = [weakref.ref(model), weakref.ref(model.layers[0])]
    del model, explainer
    gc.collect()
    assert [reference() for reference in alive] == [None, None]


def test_two_threads_give_what_one_gives() -> None:
    model = sequential()
    expected = {"cam": GradCAM(model, "conv1")(images(), 1), "saliency": Saliency(model)(images(), 1)}
    found: dict[str, np.ndarray] = {}
    both_ready = threading.Barrier(2)

    def explain(name: str) -> None:
        both_ready.wait()
        method = GradCAM(model, "conv1") if name == "cam" else Saliency(model)
        found[name] = method(images(), 1, batch_size=1)

    threads = [threading.Thread(target=explain, args=(name,)) for name in expected]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name, maps in expected.items():
        assert_equal(found[name], maps)
    assert not any("call" in vars(layer) for layer in model._flatten_layers())


def test_a_call_from_another_thread_is_not_noted() -> None:
    """While the model is traced, someone else is in the middle of a call: that call is no part of the trace."""
    answers: list[np.ndarray] = []
    paths: list[str] = []
    entered, traced = threading.Event(), threading.Event()

    class Slow(keras.layers.Layer):
        def call(self, inputs):
            if threading.current_thread() is other:
                entered.set()
                assert traced.wait(60)
            elif other.ident is None and expected is not None:
                other.start()
                assert entered.wait(60)
            return inputs

    def look(taps: Any, _: Any) -> dict[str, Any]:
        paths.extend(layer.path for layer in taps.layers)
        return {}

    other = threading.Thread(target=lambda: answers.append(np.asarray(model(images()))))
    expected = None
    model = keras.Sequential([keras.Input(SHAPE), Slow(name="slow"), *plain_layers()])
    expected = np.asarray(model(images()))
    Program(TracedModel(model), look)
    traced.set()
    other.join()
    assert paths == ["slow", "conv1", "pool", "conv2", "flatten", "dense"]
    np.testing.assert_allclose(answers[0], expected, rtol=1e-6)


def test_names_of_shared_and_nested_layers() -> None:
    model = nested().model
    found = ActivationExtractor(model)(images())
    assert [name for name in found if "conv" in name] == ["outer/conv", "outer/inner/conv"]
    with pytest.raises(ValueError, match=r"2 have this name. Write the full one: outer/conv, outer/inner/conv"):
        ActivationExtractor(model, ["conv"])


def test_a_bare_name_and_the_full_one_are_the_same_layer() -> None:
    inner = keras.Sequential([keras.Input(SHAPE), conv("only", 4, 1)], name="inner")
    model = keras.Sequential([keras.Input(SHAPE), inner, layers.Flatten(), dense()])
    found = ActivationExtractor(model, ["only", "inner/only"])(images())
    assert_equal(found["only"], inner(images()).numpy())


def test_an_unknown_layer_gets_the_nearest_name() -> None:
    with pytest.raises(ValueError, match=r"no layer 'cnov2'. Did you mean 'conv2'\? Use one of: conv1, pool, conv2"):
        GradCAM(sequential(), "cnov2")


@pytest.mark.parametrize("thing", [42, lambda x: x, "model.keras"])
def test_what_is_no_keras_model_is_refused(thing: object) -> None:
    with pytest.raises(ValueError, match=r"Expected a Keras model.*Load it with"):
        Saliency(thing)


def test_several_outputs_need_a_name() -> None:
    image = keras.Input(SHAPE)
    shared = layers.Flatten()(conv("conv1", 4, 1)(image))
    model = keras.Model(image, {"kind": dense(name="a")(shared), "size": dense(2, name="b")(shared)})
    with pytest.raises(ValueError, match=r"one of the model's 2 outputs. Received none. Use one of: kind, size"):
        GradCAM(model)
    with pytest.raises(ValueError, match=r"no output 'kinds'. Did you mean 'kind'\?"):
        GradCAM(model, output="kinds")
    assert Explainer(model, output="size")(images()).logits.shape == (3, 2)


@pytest.mark.parametrize("backend", ["jax", "torch"])
def test_another_backend_gets_the_way_out(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = sequential()
    monkeypatch.setattr(keras.backend, "backend", lambda: backend)
    with pytest.raises(ValueError, match=rf"It runs on '{backend}'. Set KERAS_BACKEND=tensorflow in the environment"):
        GradCAM(model)


@pytest.mark.filterwarnings(  # Keras's own, when it quantizes
    "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning:keras.src.backend.tensorflow.core"
)
def test_a_quantized_layer_is_seen_as_any_other() -> None:
    model, given = sequential(), images()
    dense_before = ActivationExtractor(model, "dense")(given)["dense"]
    model.get_layer("dense").quantize("int8")
    found = ActivationExtractor(model)(given)
    assert list(found) == ["conv1", "pool", "conv2", "flatten", "dense"]
    np.testing.assert_allclose(found["dense"], np.asarray(model(given)), atol=1e-6)
    assert 0 < np.abs(found["dense"] - dense_before).max() < 0.1
    assert "quantized_call" not in vars(model.get_layer("dense"))
