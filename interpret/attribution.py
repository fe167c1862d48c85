"""The form that every attribution method has: made once with a model, then called on images."""

from __future__ import annotations

from typing import Any

import numpy as np

from .inputs import Arrays
from .programs import Compute, Program
from .progress import Progress
from .targets import Classes
from .tracing import TracedModel


class Attribution:
    """A method whose map follows from one traced graph.

    The score explained is always a logit: `logit[class]`, or `logit[class] - logit[versus]`. For one sigmoid unit with
    logit z, class 1 is +z and class 0 is -z. Maps are raw, in units of the score: not normalised, resized or clipped.
    """

    def __init__(self, model: Any, compute: Compute, *, output: str | None, wrt: str | None) -> None:
        self._program = Program(TracedModel(model, output=output, wrt=wrt), compute)

    def __call__(
        self,
        images: Arrays,
        classes: Classes = None,
        versus: Classes = None,
        batch_size: int = 256,
        progress: Progress = False,
    ) -> np.ndarray:
        """The maps of the images.

        Args:
            images: float32[B,H,W,C] of the model's input shape and range (or the list or dict that the model takes).
            classes: The class explained: None for the predicted one, an int, or int[B].
            versus: Why `classes` rather than this one: None, an int, or int[B].
            batch_size: Images at a time.
            progress: True for a bar with the time left, or a function called with (done, total).

        Returns:
            float32[B, h, w].

        Raises:
            ValueError: Images or classes do not fit the model; the message says what does.
        """
        return self._program.run(images, classes, versus, batch_size=batch_size, progress=progress)["map"]


def gradients(scores: Any, tensors: dict[str, Any]) -> list[Any]:
    """d score / d tensor of each image, float32, for several tensors in one backward pass; inside of a graph.

    Args:
        scores: float32[B], the score of each image.
        tensors: {what it is, for the message: tensor [B, ...]}.

    Raises:
        ValueError: The scores do not depend on a tensor by anything that can be differentiated.
    """
    import tensorflow as tf

    slopes = tf.gradients(scores, list(tensors.values()))
    for what, slope in zip(tensors, slopes, strict=True):
        if slope is None:
            raise ValueError(
                f"Expected the logits to depend on {what}. No gradient leads there: it is not on the way to this "
                f"output, or is made of whole numbers. Choose another layer, input (wrt=) or output (output=)."
            )
    return [tf.cast(tf.convert_to_tensor(slope), tf.float32) for slope in slopes]
