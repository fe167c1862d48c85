"""What a report is asked for: how thoroughly it looks, and at which images that are sampled."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...interpret.methods.catalogue import KnownMethod
from ...interpret.stream.statistic import Statistic
from ...interpret.trust.budget import usual_budget
from ...models.datasets.dataset import Dataset
from .screening.review import Review
from .trust import TRUST_IMAGES, TrustFile

_PASSES_OF_TRUST = 120  # an image, where no budget stands in the way


@dataclass(frozen=True, eq=False)
class ReportPlan:
    """The settings of a report that change what is computed."""

    batch_size: int | None = None  # images at a time; None: as many as fit a few megabytes
    trust_images: int = TRUST_IMAGES  # that the trust in the maps is measured on, at most; 0 measures none
    trust_file: TrustFile | None = None  # the trust as `featurelens trust` measured it, taken instead
    trust_budget: int | None = None  # passes forward and backward for that; None: by the images' size
    compared_images: int = 3000  # whose nearest neighbours are looked for: all 10,000 would take eleven times as long
    seed: int = 0  # of all images that are sampled, but for a trust that was measured beforehand
    training: Dataset | None = None  # the images of the training, in which near copies of the others are looked for
    review: Review | None = None  # what people said of the mistakes of an earlier report of this model
    counted: Callable[[Statistic[Any]], Statistic[Any]] | None = None  # a statistic as counted before; None: count now
    drawn: float = 1.0  # 0..1, share of the images that would be drawn which are: less keeps the file small
    methods: tuple[KnownMethod, ...] = ()  # drawn beside each mistake, and tested, beside those of every report

    def expected(self, shape: tuple[int, ...]) -> dict[str, float]:
        """About what each stage costs, in passes forward and backward of one image, by the start of its name.

        Args:
            shape: (B,H,W,C) of the images; of series (B,L,C), of volumes (B,D,H,W,C).
        """
        images, places = shape[0], math.prod(shape[1:-1])
        tested = 0 if self.trust_file is not None else min(self.trust_images, images)
        budget = self.trust_budget or usual_budget(places, 1, max(tested, 1))
        trust = min(budget, tested * _PASSES_OF_TRUST) if tested else 0
        return {
            "looking at every layer": float(images),
            "averaging the classes": 0.1 * images,
            "testing the maps: removing pixels": 0.65 * trust,
            "testing the maps: shuffling weights": 0.35 * trust,
            "explaining the mistakes": 2 * min(0.1 * images, 200.0),
            "taking channels away": 0.1 * images + 30,
            "drawing the page": 0.02 * images + 50,
        }
