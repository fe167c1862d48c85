"""The one pass: several statistics together are each as it is alone, and the model is traced once for all of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from test_statistic import DATA, IMAGES, STATISTICS, Part, assert_equal, made_model

from featurelens.interpret.dissection.census import ChannelTallies
from featurelens.interpret.layers.survey import LayerTallies
from featurelens.interpret.stream.class_means import ClassMeans
from featurelens.interpret.stream.one_pass import Stream, batch_of, one_pass
from featurelens.interpret.stream.predictions import Answers
from featurelens.interpret.stream.statistic import ArraySource, Batch
from featurelens.models.datasets.exploration import DataTallies, explore

pytestmark = pytest.mark.numeric


@pytest.fixture(scope="module")
def model() -> Any:
    return made_model()


def test_together_each_is_as_it_is_alone(model: Any) -> None:
    together = one_pass(model, DATA, [make() for make in STATISTICS.values()], batch_size=9)
    for make in STATISTICS.values():
        asked = make()
        assert_equal(together[asked.key], one_pass(model, DATA, [asked], batch_size=9)[asked.key])


def test_the_model_is_traced_once_and_each_image_given_once(model: Any) -> None:
    stream = Stream(model, [make() for make in STATISTICS.values()])
    assert list(stream.run(DATA, 10)) == [10, 20, 30, 40, 41]
    assert stream.tracings == 1


def test_equal_keys_are_computed_once(model: Any) -> None:
    first, second = Counting(), Counting()
    found = one_pass(model, DATA, [first, second], batch_size=10)
    assert found == {first.key: IMAGES} and {first.seen, second.seen} == {0, IMAGES}


class Counting:
    """How many images there are."""

    key = "count"
    seen = 0

    def taps(self, taps: Any, scores: Any) -> None: ...

    def update(self, batch: Batch) -> None:
        self.seen += len(batch.labels)

    def merge(self, later: Any) -> None: ...

    def result(self) -> int:
        return self.seen


def test_the_data_alone_need_no_model() -> None:
    asked = DataTallies(DATA)
    assert_equal(one_pass(None, DATA, [asked])[asked.key], explore(DATA))


def test_a_source_smaller_than_a_batch(model: Any) -> None:
    asked = Answers()
    found = one_pass(model, Part(np.arange(2)), [asked], batch_size=256)[asked.key]
    np.testing.assert_allclose(
        found.logits, one_pass(model, DATA, [asked := Answers()])[asked.key].logits[:2], rtol=1e-4
    )


def test_a_source_without_images_is_refused(model: Any) -> None:
    with pytest.raises(ValueError, match="at least one image"):
        one_pass(model, Part(np.arange(0)), [Answers()])


def test_one_class_only(model: Any) -> None:
    ones = np.flatnonzero(DATA.labels == 1)
    asked = [ChannelTallies("conv"), ClassMeans(["conv"], [1]), LayerTallies(["conv"], ones), DataTallies(DATA)]
    census, means, surveyed, data = one_pass(model, Part(ones), asked).values()
    assert np.isnan(census.class_means[:, [0, 2]]).all() and np.isfinite(census.class_means[:, 1]).all()
    assert means[1]["conv"].shape == (4, 4, 4)
    assert np.isnan(surveyed.layers[1].probe.accuracy)
    assert data.counts.tolist() == [0, len(ones), 0] and np.isinf(data.neighbours.other).all()


def test_a_class_without_images_has_no_mean(model: Any) -> None:
    with pytest.raises(ValueError, match="none of class 2"):
        one_pass(model, Part(np.flatnonzero(DATA.labels == 1)), [ClassMeans(["conv"], [1, 2])])


def test_pixels_that_are_not_finite_are_named_by_their_number(model: Any) -> None:
    images = DATA.images.copy()
    images[23, 0, 0, 0] = np.nan
    with pytest.raises(ValueError, match="first in image 23"):
        one_pass(model, ArraySource(images), [Answers()], batch_size=10)


def test_an_image_that_was_left_out_in_the_middle_costs_that_image_only(model: Any) -> None:
    numbers = np.delete(np.arange(IMAGES), 23)
    found = one_pass(model, Part(numbers), [make() for make in STATISTICS.values()], batch_size=10)
    answered = found[Answers().key]
    np.testing.assert_array_equal(answered.numbers, numbers)
    whole = one_pass(model, DATA, [asked := Answers()])[asked.key]
    np.testing.assert_allclose(answered.logits, whole.logits[numbers], rtol=1e-4, atol=1e-6)


class Stored:
    """A source that keeps whole bytes: black 0 and white 255 stand for the range."""

    class_names, value_range = ("a",), (-1.0, 1.0)

    def __init__(self, pixels: np.ndarray) -> None:
        self._pixels = pixels

    def __len__(self) -> int:
        return len(self._pixels)

    def batches(self, size: int) -> Any:
        for start in range(0, len(self), size):
            rows = np.arange(len(self))[start : start + size]
            yield Batch(rows, self._pixels[rows], np.zeros(len(rows), np.int64))

    def take(self, numbers: np.ndarray) -> Any:
        return Batch(numbers, self._pixels[numbers], np.zeros(len(numbers), np.int64))


def test_whole_bytes_are_brought_to_the_range_of_the_source(model: Any) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 6, 6, 1)).astype(np.uint8)
    asked, floats = Answers(), pixels / np.float32(255) * np.float32(2) - np.float32(1)
    found = one_pass(model, Stored(pixels), [asked])[asked.key]
    np.testing.assert_allclose(
        found.logits, one_pass(model, ArraySource(floats), [asked := Answers()])[asked.key].logits
    )


def test_batches_are_sized_in_bytes() -> None:
    assert batch_of(np.zeros((1, 224, 224, 3), np.float32)) == 16
    assert batch_of(np.zeros((1, 28, 28, 1), np.float32)) == 256
    assert batch_of(np.zeros((1, 3000, 3000, 3), np.uint8)) == 1


def test_the_progress_tells_how_many_images_were_seen(model: Any) -> None:
    told: list[tuple[int, int]] = []
    one_pass(model, DATA, [Answers()], batch_size=20, progress=lambda done, total: told.append((done, total)))
    assert told == [(20, 41), (40, 41), (41, 41)]
