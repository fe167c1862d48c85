"""The one pass: several statistics out of one trace and one reading of the images."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hand_set_models import random_cnn, random_images
from same_records import assert_same

from featurelens.interpret.dissection.census import CensusStatistic
from featurelens.interpret.layers.survey import SurveyStatistic
from featurelens.interpret.stream.class_means import ClassMeansStatistic
from featurelens.interpret.stream.one_pass import images_at_once, one_pass
from featurelens.interpret.stream.statistic import ArraySource, Batch
from featurelens.interpret.tracing.traced_model import TracedModel

IMAGES, LABELS, MODEL = random_images(1, 20), np.arange(20) % 3, random_cnn(1)


class Brightness:
    """A statistic of the images alone."""

    key = "brightness"

    def __init__(self) -> None:
        self.sum, self.images = 0.0, 0

    def taps(self, taps: Any, scores: Any) -> None:
        return None

    def update(self, batch: Batch) -> None:
        self.sum += float(batch.images.sum(dtype=np.float64))
        self.images += len(batch.labels)

    def merge(self, later: Any) -> None:
        self.sum, self.images = self.sum + later.sum, self.images + later.images

    def result(self) -> tuple[float, int]:
        return self.sum, self.images


class Counted(ArraySource):
    """How often each image is read."""

    def __init__(self, images: np.ndarray, labels: np.ndarray) -> None:
        super().__init__(images, labels)
        self.read = np.zeros(len(images), int)

    def batches(self, size: int):
        for batch in super().batches(size):
            self.read[batch.numbers] += 1
            yield batch


def statistics() -> list[Any]:
    return [
        SurveyStatistic(20, ["conv1"], probe_images=20),
        ClassMeansStatistic(["conv1"], 3),
        CensusStatistic("conv1"),
    ]


def test_several_at_once_are_each_alone_out_of_one_trace(monkeypatch: pytest.MonkeyPatch) -> None:
    traced, original = [], TracedModel.trace
    monkeypatch.setattr(TracedModel, "trace", lambda self, *given: (traced.append(1), original(self, *given))[1])
    source = Counted(IMAGES, LABELS)
    together = one_pass(MODEL, source, [*statistics(), Brightness(), CensusStatistic("conv1")], batch_size=7)
    assert len(traced) == 1
    assert source.read.tolist() == [1] * 20
    assert len(together) == 4
    for statistic in [*statistics(), Brightness()]:
        alone = one_pass(MODEL, ArraySource(IMAGES, LABELS), [statistic], batch_size=7)[statistic.key]
        assert_same(alone, together[statistic.key])


def test_images_alone_need_no_model() -> None:
    found = one_pass(None, ArraySource(IMAGES, LABELS), [Brightness()])
    assert found["brightness"] == (pytest.approx(IMAGES.sum(dtype=np.float64)), 20)


def test_a_set_smaller_than_a_batch_and_of_one_class() -> None:
    few = ArraySource(IMAGES[:2], np.array([1, 1]))
    found = one_pass(MODEL, few, [CensusStatistic("conv1"), ClassMeansStatistic(["conv1"], 3)], batch_size=64)
    census, means = found.values()
    assert census.images == 2 and list(means) == [1]


def test_pixels_as_bytes_are_scaled_inside_of_the_graph() -> None:
    bytes_, scaled = (IMAGES * 255).astype(np.uint8), (IMAGES * 255).astype(np.uint8) / np.float32(255)

    class Bytes(ArraySource):
        value_range = (0.0, 1.0)

    one = one_pass(MODEL, Bytes(bytes_, LABELS), [CensusStatistic("conv1")])
    other = one_pass(MODEL, ArraySource(scaled, LABELS), [CensusStatistic("conv1")])
    assert_same(*one.values(), *other.values())


def test_what_is_no_picture_is_refused_in_the_middle_of_the_stream() -> None:
    broken = IMAGES.copy()
    broken[13, 0, 0, 0] = np.nan
    with pytest.raises(ValueError, match=r"finite pixels.*first in image 13"):
        one_pass(MODEL, ArraySource(broken, LABELS), [Brightness(), CensusStatistic("conv1")], batch_size=5)
    with pytest.raises(ValueError, match="at least one image"):
        one_pass(MODEL, ArraySource(IMAGES[:0], LABELS[:0]), [Brightness()], batch_size=5)


def test_batches_are_sized_in_bytes() -> None:
    shapes = {(224, 224, 3): 8, (28, 28, 1): 256, (4000, 4000, 3): 4}
    for shape, expected in shapes.items():
        assert images_at_once(ArraySource(np.zeros((2, *shape), np.uint8))) == expected


def test_progress_tells_each_batch() -> None:
    told: list[tuple[int, int]] = []
    one_pass(
        None, ArraySource(IMAGES, LABELS), [Brightness()], batch_size=8, progress=lambda _, *done: told.append(done)
    )
    assert told == [(8, 20), (16, 20), (20, 20)]
