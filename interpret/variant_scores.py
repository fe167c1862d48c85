"""One number per variant of an image: the class's probability, or its logit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from .perturbation import Asked, VariantProgram, Vary
from .progress import Progress

SCORES = ("probability", "logit")


class VariantScores(VariantProgram):
    """The score of many variants of each image, in full batches on one traced forward run.

    Args:
        model: A Keras model.
        score: 'probability' (0..1, the same scale for every image) or 'logit' (the unit of the maps).
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Raises:
        ValueError: The score is neither.
    """

    def __init__(self, model: Any, score: str, *, output: str | None, wrt: str | None) -> None:
        if score not in SCORES:
            raise ValueError(f"Expected the score 'probability' or 'logit'. Received {score!r}. Give one of the two.")
        self.score = score
        super().__init__(model, output=output, wrt=wrt)

    def blocks(
        self, asked: Asked, count: int, vary: Vary, batch_size: int, progress: Progress = False
    ) -> Iterator[tuple[slice, slice, np.ndarray, np.ndarray]]:
        """For each block of images and variants: their slices, scores float32[I,V] and predicted classes int64[I,V]."""
        for block in asked.blocks(count, vary, batch_size, progress):
            logits, classes = block.results["logits"], asked.classes[block.rows]
            values = block.results["scores"]
            if self.score == "probability":
                flat = self.head.probabilities(logits.reshape(-1, logits.shape[-1]))
                values = np.take_along_axis(flat.reshape(logits.shape), classes[:, None, None], axis=2)[..., 0]
            yield block.rows, block.variants, values, logits.argmax(axis=2)
