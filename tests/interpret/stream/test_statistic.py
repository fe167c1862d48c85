"""The law of every statistic: any split of the images, in any order of the parts, gives what one piece gives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import keras
import numpy as np
import pytest

from featurelens.interpret.dissection.census import ChannelTallies
from featurelens.interpret.layers.survey import LayerTallies
from featurelens.interpret.stream.class_means import ClassMeans
from featurelens.interpret.stream.one_pass import Stream
from featurelens.interpret.stream.predictions import Answers
from featurelens.interpret.stream.statistic import Batch, Statistic
from featurelens.models.datasets.dataset import Dataset
from featurelens.models.datasets.exploration import DataTallies

pytestmark = pytest.mark.numeric
IMAGES = 41


def made_model() -> Any:
    keras.utils.set_random_seed(3)
    return keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            keras.layers.Conv2D(4, 3, activation="relu6", bias_initializer="ones", name="conv"),
            keras.layers.GlobalAveragePooling2D(name="pool"),
            keras.layers.Dense(3, activation="softmax", name="dense"),
        ]
    )


def made_data() -> Dataset:
    random = np.random.default_rng(0)
    images = random.random((IMAGES, 6, 6, 1), np.float32)
    images[20], images[33] = images[4], 1.0  # equal ones: ties are settled by number
    return Dataset(images, random.integers(0, 3, IMAGES), ("a", "b", "c"), "random")


DATA = made_data()
STATISTICS: dict[str, Callable[[], Statistic[Any]]] = {
    "answers": Answers,
    "answers alone": lambda: Answers(peaks=False),
    "layers": lambda: LayerTallies(["conv", "pool"], np.random.default_rng(1).permutation(IMAGES)[:30]),
    "class means": lambda: ClassMeans(["conv", "pool"], [2, 0, 1]),
    "channels": lambda: ChannelTallies("conv", patches=3),
    "units": lambda: ChannelTallies("pool", patches=50),
    "data": lambda: DataTallies(DATA, most_compared=25),
}


class Part:
    """Some images of the data as a source, in an order of their own."""

    class_names, value_range = DATA.class_names, DATA.value_range

    def __init__(self, numbers: np.ndarray) -> None:
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def batches(self, size: int) -> Any:
        for start in range(0, len(self), size):
            rows = self._numbers[start : start + size]
            yield Batch(rows, DATA.images[rows], DATA.labels[rows])

    def take(self, numbers: np.ndarray) -> Any:
        return DATA.take(self._numbers[numbers])


def seen(model: Any, statistic: Statistic[Any], numbers: np.ndarray, size: int) -> Statistic[Any]:
    for _ in Stream(model, [statistic]).run(Part(numbers), size):
        pass
    return statistic


def assert_equal(found: Any, expected: Any, where: str = "") -> None:
    """Equal to rounding, field by field."""
    if is_dataclass(expected):
        for each in fields(expected):
            if each.name not in ("head", "field"):
                assert_equal(getattr(found, each.name), getattr(expected, each.name), f"{where}.{each.name}")
    elif isinstance(expected, dict):
        assert list(found) == list(expected), where
        for name in expected:
            assert_equal(found[name], expected[name], f"{where}[{name}]")
    elif isinstance(expected, (tuple, list)):
        assert len(found) == len(expected), where
        for place, pair in enumerate(zip(found, expected, strict=True)):
            assert_equal(*pair, f"{where}[{place}]")
    elif isinstance(expected, (np.ndarray, float)):
        np.testing.assert_allclose(found, expected, rtol=2e-4, atol=2e-5, err_msg=where)
    else:
        assert found == expected, where


@pytest.fixture(scope="module")
def model() -> Any:
    return made_model()


@pytest.mark.parametrize("name", STATISTICS)
def test_any_split_in_any_order_is_as_one_piece(model: Any, name: str) -> None:
    whole = seen(model, STATISTICS[name](), np.arange(IMAGES), IMAGES).result()
    random = np.random.default_rng(5)
    parts = np.split(random.permutation(IMAGES), [3, 4, 19])  # one part of a single image
    found = [seen(model, STATISTICS[name](), part, size) for part, size in zip(parts, (2, 7, 4, 50), strict=True)]
    for order in ([0, 1, 2, 3], [2, 3, 1, 0]):
        merged = STATISTICS[name]()
        for place in order:
            merged.merge(found[place])
        assert_equal(merged.result(), whole)


@pytest.mark.parametrize("name", STATISTICS)
def test_one_that_saw_nothing_changes_nothing(model: Any, name: str) -> None:
    seeing = seen(model, STATISTICS[name](), np.arange(IMAGES), 8)
    before = seeing.result()
    seeing.merge(STATISTICS[name]())
    assert_equal(seeing.result(), before)


def test_a_difference_would_be_found(model: Any) -> None:
    whole = seen(model, Answers(), np.arange(IMAGES), 8).result()
    part = seen(model, Answers(), np.arange(IMAGES - 1), 8).result()
    with pytest.raises(AssertionError):
        assert_equal(part, whole)
