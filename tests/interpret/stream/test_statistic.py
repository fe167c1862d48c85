"""The law of every statistic: parts of the images, in any order and split, give what all of them give at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hand_set_models import random_cnn, random_images
from same_records import assert_same

from featurelens.interpret.dissection.census import CensusStatistic
from featurelens.interpret.layers.survey import SurveyStatistic
from featurelens.interpret.shortcuts.compared import ComparedPictures
from featurelens.interpret.stream.class_means import ClassMeansStatistic
from featurelens.interpret.stream.hidden import HiddenStatistic
from featurelens.interpret.stream.one_pass import one_pass
from featurelens.interpret.stream.statistic import ArraySource, Batch
from featurelens.models.datasets.dataset import Dataset
from featurelens.models.datasets.exploration import DataStatistic
from featurelens.models.screening.near_copies import SmallPictures

pytestmark = pytest.mark.numeric
COUNT = 24
IMAGES = random_images(0, COUNT)
LABELS = np.arange(COUNT) % 3
MODEL = random_cnn(0)
DATA = Dataset(IMAGES, LABELS, ("a", "b", "c"), "random", value_range=(-5.0, 5.0))
STATISTICS: dict[str, Callable[[], Any]] = {
    "survey": lambda: SurveyStatistic(COUNT, ["conv1"], probe_images=20),
    "class means": lambda: ClassMeansStatistic(["conv1"], 3),
    "census": lambda: CensusStatistic("conv1", patches=3),
    "census of more places than images": lambda: CensusStatistic("conv1", patches=50),
    "hidden": lambda: HiddenStatistic(COUNT, most=15),
    "small pictures": lambda: SmallPictures(DATA, most=15),
    "compared pictures": lambda: ComparedPictures(np.arange(3, COUNT)),
    "data": lambda: DataStatistic(DATA, most_compared=15),
}


class Some:
    """The images of some numbers, in this order, as a source."""

    value_range, class_names = (0.0, 1.0), ("a", "b", "c")

    def __init__(self, numbers: np.ndarray) -> None:
        self._numbers = numbers

    def __len__(self) -> int:
        return len(self._numbers)

    def batches(self, size: int):
        for start in range(0, len(self), size):
            rows = self._numbers[start : start + size]
            yield Batch(rows, IMAGES[rows], LABELS[rows])

    def take(self, numbers: np.ndarray) -> Batch:
        rows = self._numbers[numbers]
        return Batch(rows, IMAGES[rows], LABELS[rows])


def seen(make: Callable[[], Any], numbers: np.ndarray, size: int) -> Any:
    statistic = make()
    one_pass(MODEL, Some(numbers), [statistic], batch_size=size)
    return statistic


@pytest.mark.parametrize("name", STATISTICS)
@pytest.mark.parametrize("split", [[12], [1, 2, 20], [23], [5, 10, 15]])
def test_parts_merged_in_any_order_are_the_whole(name: str, split: list[int]) -> None:
    make, random = STATISTICS[name], np.random.default_rng(len(split))
    whole = seen(make, np.arange(COUNT), COUNT).result()
    shuffled = random.permutation(COUNT)
    parts = [seen(make, numbers, 7) for numbers in np.split(shuffled, split)]
    first, *others = [parts[place] for place in random.permutation(len(parts))]
    for other in others:
        first.merge(other)
    assert_same(whole, first.result())


@pytest.mark.parametrize("name", STATISTICS)
def test_the_law_can_fail(name: str) -> None:
    make = STATISTICS[name]
    whole, part = seen(make, np.arange(COUNT), COUNT).result(), seen(make, np.arange(COUNT - 3), COUNT).result()
    with pytest.raises(AssertionError):
        assert_same(whole, part)


@pytest.mark.parametrize("name", STATISTICS)
def test_equal_settings_have_equal_keys(name: str) -> None:
    assert STATISTICS[name]().key == STATISTICS[name]().key
    assert len({make().key for make in STATISTICS.values()}) == len(STATISTICS)


def test_a_source_of_arrays_keeps_its_numbers() -> None:
    source = ArraySource(IMAGES, LABELS)
    batches = list(source.batches(10))
    assert [batch.numbers.tolist() for batch in batches] == [[*range(10)], [*range(10, 20)], [20, 21, 22, 23]]
    np.testing.assert_array_equal(source.take(np.array([5, 2])).images, IMAGES[[5, 2]])
