"""Garbage is collected, and free memory given back, for large or many images only; nothing that is in use goes."""

from __future__ import annotations

import gc
import weakref

import numpy as np
import pytest

from featurelens.reports.free_memory import give_back


class Ring:
    """Holds itself, as a graph of TensorFlow does."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture
def _only_when_told():
    """Python itself looks for garbage at a time of its own."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_only_when_told")
@pytest.mark.parametrize(
    ("shape", "stays"), [((1000, 28, 28, 1), True), ((1000, 224, 224, 3), False), ((60_000, 28, 28, 1), False)]
)
def test_what_nobody_holds_goes_where_images_are_large_or_many(shape: tuple[int, ...], stays: bool) -> None:
    gone, kept, used = weakref.ref(Ring()), Ring(), np.arange(1_000_000)
    give_back(shape)
    assert (gone() is not None) == stays
    assert kept.itself is kept
    np.testing.assert_array_equal(used, np.arange(1_000_000))
