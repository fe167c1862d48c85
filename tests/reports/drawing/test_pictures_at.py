"""Pictures of images by their numbers: the same as all at once, without more than 64 in memory."""

from __future__ import annotations

import numpy as np

from featurelens.models.datasets.lazy_images import LazyImages
from featurelens.reports.drawing.pictures import pictures, pictures_at


def test_many_pictures_are_read_some_at_a_time() -> None:
    images = np.random.default_rng(0).uniform(0, 2, (150, 12, 10, 3)).astype(np.float32)
    read: list[int] = []

    def some(numbers: np.ndarray) -> np.ndarray:
        read.append(len(numbers))
        return images[numbers]

    numbers = np.random.default_rng(1).permutation(150)
    lazy = LazyImages(some, 150, images.shape[1:])
    np.testing.assert_array_equal(pictures_at(lazy, numbers, (0, 2), 6), pictures(images[numbers], (0, 2), 6))  # type: ignore[arg-type]
    assert sum(read) == 150 and max(read) <= 64
    assert pictures_at(images, [], (0, 2), 6).shape == (0, 6, 5, 3)
