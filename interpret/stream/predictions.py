"""What a model decides about images, before any method explains it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..tracing.batched_graph import Computed, Program
from ..tracing.inputs import Arrays
from ..tracing.layer_choice import default_layer
from ..tracing.traced_model import Taps, TracedModel


@dataclass(frozen=True, eq=False)
class Decisions:
    """The answers, from logits that are proven."""

    head: str  # 'softmax', 'sigmoid', 'linear' or 'probability'
    probabilities: np.ndarray  # float32[B,K], 0..1; NaN where the answer stands for none
    classes: np.ndarray  # int32[B], the predicted class
    cam_layer: str | None  # where class activation maps look by default; None where no layer has a map of places
    scores: np.ndarray  # float32[B,K], what the maps explain
    unit: str  # of the scores: 'logit', 'probability' or 'answer'
    task: str  # 'classes', 'independent labels', 'binary', 'regression', or 'binary or regression'
    remark: str | None  # what every reader of a map has to know; None where the scores are logits


def decisions(
    model: Any, images: Arrays, batch_size: int = 256, *, output: str | None = None, wrt: str | None = None
) -> Decisions:
    """The decisions of a model, also of one that shows no layer.

    Args:
        model: A Keras model.
        images: float32[B,H,W,C], or the list or dict that the model takes.
        batch_size: Images at a time.
        output: Which output to look at, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Example:
        A model whose logits are (0, 2): the predicted class is 1, the probabilities are (0.12, 0.88).
    """

    def look(taps: Taps, _: Any) -> Computed:
        return Computed({}, {"cam_layer": default_layer(taps)})

    program = Program(TracedModel(model, output=output, wrt=wrt), look)
    found = program.run(images, batch_size=batch_size)
    return Decisions(
        head=program.head.kind,
        probabilities=program.head.probabilities(found["logits"]).astype(np.float32),
        classes=found["classes"],
        cam_layer=program.facts["cam_layer"],
        scores=found["logits"],
        unit=program.head.unit,
        task=program.head.task,
        remark=program.head.remark,
    )
