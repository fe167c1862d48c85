"""Pictures of images by their numbers: the same as all at once, without more than five megabytes in memory."""

from __future__ import annotations

import numpy as np

from featurelens.models.datasets.lazy_images import LazyImages
from featurelens.reports.drawing.pictures import pictures, pictures_at


def test_many_pictures_are_read_some_at_a_time() -> None:
    images = np.random.default_rng(0).uniform(0, 2, (90, 120, 100, 3)).astype(np.float32)
    read: list[int] = []

    def some(numbers: np.ndarray) -> np.ndarray:
        read.append(len(numbers))
        return images[numbers]

    numbers = np.random.default_rng(1).permutation(90)
    lazy = LazyImages(some, 90, images.shape[1:])
    np.testing.assert_array_equal(pictures_at(lazy, numbers, (0, 2), 60), pictures(images[numbers], (0, 2), 60))  # type: ignore[arg-type]
    assert sum(read) == 90 and max(read) * 4 * 120 * 100 * 3 <= 5_000_000
    assert pictures_at(images, [], (0, 2), 60).shape == (0, 60, 50, 3)
