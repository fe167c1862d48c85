"""A constant that a layer reads from elsewhere is written into the graph: when it changes, the map is made anew."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from oracle import Case, assert_equal, by_hand
from small_models import SHAPE, images, plain_forward, plain_layers

from featurelens.interpret import ActivationExtractor, GradCAM
from featurelens.interpret.graph.state.model_state import Structure

CLASSES = np.array([0, 1, 2])
GAIN = {"factor": 1.0}
own_settings: Any = ModuleType("own_settings")


@dataclass
class Settings:
    """An object of one's own, that holds another one."""

    factor: float = 1.0
    inner: Any = None


class Times(keras.layers.Layer):
    """Multiplies by what `read` gives, a plain number of Python."""

    shared = 1.0

    def __init__(self, read: Callable[[Times], float], **kept: Any) -> None:
        super().__init__(name="times")
        self.read = read
        for name, value in kept.items():
            setattr(self, name, value)

    def call(self, inputs):
        return inputs * self.read(self)


def in_an_object() -> tuple[Times, Callable[[float], None]]:
    settings = Settings()
    return Times(lambda layer: layer.settings.factor, settings=settings), partial(setattr, settings, "factor")


def in_an_object_of_an_object() -> tuple[Times, Callable[[float], None]]:
    inner = Settings()
    layer = Times(lambda layer: layer.settings.inner.factor, settings=Settings(inner=inner))
    return layer, partial(setattr, inner, "factor")


def in_a_list_of_objects() -> tuple[Times, Callable[[float], None]]:
    inner = Settings()
    return Times(lambda layer: layer.several[1][0].factor, several=[0, (inner,)]), partial(setattr, inner, "factor")


def in_a_closure() -> tuple[Times, Callable[[float], None]]:
    kept = [1.0]
    return Times(lambda _: kept[0]), partial(kept.__setitem__, 0)


def in_a_global() -> tuple[Times, Callable[[float], None]]:
    GAIN["factor"] = 1.0
    return Times(lambda _: GAIN["factor"]), partial(GAIN.__setitem__, "factor")


def in_the_class() -> tuple[Times, Callable[[float], None]]:
    Times.shared = 1.0
    return Times(lambda layer: layer.shared), partial(setattr, Times, "shared")


def in_a_partial() -> tuple[Times, Callable[[float], None]]:
    settings = Settings()
    return Times(partial(lambda given, _: given.factor, settings)), partial(setattr, settings, "factor")


def in_a_dict_of_dicts() -> tuple[Times, Callable[[float], None]]:
    inner = {"factor": 1.0}
    outer = {"a": [inner]}
    return Times(lambda _: outer["a"][0]["factor"]), partial(inner.__setitem__, "factor")


@dataclass(slots=True)
class SlottedSettings:
    """An object without a dictionary of its own."""

    factor: float = 1.0


def in_slots() -> tuple[Times, Callable[[float], None]]:
    settings = SlottedSettings()
    return Times(lambda layer: layer.settings.factor, settings=settings), partial(setattr, settings, "factor")


def in_a_module() -> tuple[Times, Callable[[float], None]]:
    own_settings.factor = 1.0
    return Times(lambda _: own_settings.factor), partial(setattr, own_settings, "factor")


def in_a_default_by_name() -> tuple[Times, Callable[[float], None]]:
    def read(_: Times, *, factor: float = 1.0) -> float:
        return factor

    return Times(read), lambda factor: setattr(read, "__kwdefaults__", {"factor": factor})


def in_an_array_in_a_list() -> tuple[Times, Callable[[float], None]]:
    array = np.ones(1)
    return Times(lambda layer: float(layer.several[0][0]), several=[array]), partial(array.__setitem__, 0)


def in_a_deque() -> tuple[Times, Callable[[float], None]]:
    kept = deque([1.0])
    return Times(lambda _: kept[0]), partial(kept.__setitem__, 0)


def in_a_call_of_its_own() -> tuple[Times, Callable[[float], None]]:
    layer = Times(lambda _: 1.0)
    return layer, lambda factor: object.__setattr__(layer, "call", lambda inputs: inputs * factor)


PLACES = [
    in_slots,
    in_a_module,
    in_a_default_by_name,
    in_an_array_in_a_list,
    in_a_deque,
    in_a_call_of_its_own,
    in_a_dict_of_dicts,
    in_an_object,
    in_an_object_of_an_object,
    in_a_list_of_objects,
    in_a_closure,
    in_a_global,
    in_the_class,
    in_a_partial,
]


@pytest.mark.parametrize("place", PLACES)
def test_the_map_is_that_of_the_new_constant(place: Callable[[], tuple[Times, Callable[[float], None]]]) -> None:
    layer, change = place()
    model = keras.Sequential([keras.Input(SHAPE), layer, *plain_layers()])
    method = GradCAM(model)

    def expected(factor: float) -> np.ndarray:
        forward = partial(plain_forward, before=lambda image: image * factor)
        return by_hand(Case(model, images(), forward, "conv2"), CLASSES).grad_cam

    assert_equal(method(images(), CLASSES), expected(1.0))
    change(3.0)
    assert_equal(method(images(), CLASSES), expected(3.0))
    before = method._program.tracings
    method(images(), CLASSES)
    assert method._program.tracings == before  # nothing changed: nothing is traced


def test_an_equal_number_is_no_change() -> None:
    layer, change = in_an_object()
    model = keras.Sequential([keras.Input(SHAPE), layer, *plain_layers()])
    before = Structure(model)
    change(float("1.0"))
    assert before.is_still_of(model)
    change(2.0)
    assert not before.is_still_of(model)


def test_an_equal_object_in_its_place_is_watched_from_then_on() -> None:
    layer, _ = in_an_object()
    model = keras.Sequential([keras.Input(SHAPE), layer, *plain_layers()])
    before = Structure(model)
    other = Settings()
    assert other == layer.settings
    layer.settings = other
    assert not before.is_still_of(model)
    method = GradCAM(model)
    first = method(images(), CLASSES)
    layer.settings = Settings()
    layer.settings.factor = 3.0
    assert np.abs(method(images(), CLASSES) - first).max() > 0.05


def test_after_training_the_model_is_looked_through_once_more_and_no_more() -> None:
    model = keras.Sequential([keras.Input(SHAPE), *plain_layers()])
    known = Structure(model)
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.fit(images(), CLASSES, verbose=0)
    assert known.is_still_of(model) and known._is_untouched(model)


def test_what_the_model_itself_writes_while_it_runs_is_no_change() -> None:
    log: list[int] = []

    class Logging(keras.layers.Layer):
        def call(self, inputs):
            noted = tf.numpy_function(lambda values: (log.append(len(values)), values)[1], [inputs], tf.float32)
            return tf.ensure_shape(noted, inputs.shape)

    model = keras.Sequential([keras.Input(SHAPE), Logging(), *plain_layers()])
    method = ActivationExtractor(model, ["conv1"])
    method(images())
    traced = method._program.tracings
    method(images())
    assert len(log) > 2 and method._program.tracings == traced
