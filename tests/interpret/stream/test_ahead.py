"""Batches read ahead of use: the same in order, so many at most, an error in its place, no thread left behind."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from hand_set_models import random_cnn, random_images

from featurelens.interpret.layers.survey import SurveyStatistic
from featurelens.interpret.stream.ahead import ahead
from featurelens.interpret.stream.one_pass import one_pass
from featurelens.models.datasets.dataset import Dataset
from featurelens.models.datasets.lazy_images import LazyImages


def threads() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == "featurelens reads ahead"]


def test_no_more_than_two_are_kept_ready() -> None:
    made: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(20):
            made.append(number)
            yield number

    for got in ahead(numbers()):
        time.sleep(0.005)
        assert made[-1] <= got + 3  # two in the queue, and one in the maker's hand
    assert made == list(range(20)) and not threads()


def test_an_error_is_raised_where_the_thing_would_have_come() -> None:
    def numbers() -> Iterator[int]:
        yield 1
        raise ValueError("Expected a file. Received none. Look again.")

    got = ahead(numbers())
    assert next(got) == 1
    with pytest.raises(ValueError, match="Received none"):
        next(got)
    assert not threads()


@pytest.mark.parametrize("stopped", [KeyboardInterrupt, ValueError])
def test_whoever_stops_early_ends_the_thread(stopped: type[BaseException]) -> None:
    made: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(1000):
            made.append(number)
            yield number

    with pytest.raises(stopped):
        for _ in ahead(numbers()):
            raise stopped
    assert not threads() and len(made) < 10


def test_a_pass_over_images_on_disk_reads_each_once_in_the_background() -> None:
    images, labels = random_images(0, 40), np.arange(40) % 3
    read: list[tuple[int, bool]] = []

    def some(numbers: np.ndarray) -> np.ndarray:
        in_background = threading.current_thread() is not threading.main_thread()
        read.extend((int(number), in_background) for number in numbers)
        return images[numbers]

    def surveyed(given: Any) -> np.ndarray:
        statistic = SurveyStatistic(40, ["conv2"])
        return one_pass(random_cnn(0), given, [statistic], batch_size=8)[statistic.key].logits

    lazy = Dataset(LazyImages(some, 40, images.shape[1:]), labels, ("a", "b", "c"), "random")  # type: ignore[arg-type]
    read.clear()
    np.testing.assert_array_equal(surveyed(lazy), surveyed(Dataset(images, labels, ("a", "b", "c"), "random")))
    assert read == [(number, True) for number in range(40)] and not threads()
