"""The head: what turns a classifier's logits into its answer, and the proof that we found the right logits.

A gradient of the probability fades where the softmax saturates, so every score here is a logit
(Selvaraju et al. 2017, section 3: "the score for class c, y^c (before the softmax)"). Keras offers no way to ask for
it: the softmax may be fused in a Dense layer, be a layer of its own, or be a plain function. In the traced graph all of
these are the same operation, so the logits are its input. Where the end of the model is the call of a function (a
SavedModel), the walk goes on inside of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .function_calls import inlined, is_function_call

if TYPE_CHECKING:
    import tensorflow as tf

_PASSED_THROUGH = {
    "Identity",
    "IdentityN",
    "Cast",
    "Reshape",
    "Squeeze",
    "EnsureShape",
    "StopGradient",
    "PreventGradient",
}
_HEADS = {"Softmax": "softmax", "Sigmoid": "sigmoid"}


@dataclass(frozen=True, eq=False)
class Head:
    """How the model's answer follows from its logits."""

    kind: str  # 'softmax', 'sigmoid' or 'linear'
    units: int  # width of the model's answer; one sigmoid unit makes two classes

    @property
    def classes(self) -> int:
        """Number of classes K that can be asked about."""
        return 2 if self.is_binary else self.units

    @property
    def is_binary(self) -> bool:
        """Whether one sigmoid unit stands for two classes: class 1 has the logit +z, class 0 has -z."""
        return self.kind == "sigmoid" and self.units == 1

    def answer(self, logits: np.ndarray) -> np.ndarray:
        """What the model must answer for these logits.

        Args:
            logits: float32[B,K]; for one sigmoid unit the columns are -z and +z.

        Returns:
            float64[B,units]: softmax, sigmoid or the logits themselves.
        """
        z = np.asarray(logits, dtype=np.float64)
        if self.kind == "softmax":
            return _softmax(z)
        if self.kind == "sigmoid":
            return _sigmoid(z[:, 1:] if self.is_binary else z)
        return z

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Probability of each class, float64[B,K]; fine enough for the largest to be the largest logit's.

        One sigmoid unit gives (1 - p, p). Several sigmoid units give one independent probability each. A model that
        answers logits has no probabilities of its own: they are the softmax of its logits, as its loss would take them.
        """
        if self.kind == "sigmoid":
            return _sigmoid(np.asarray(logits, dtype=np.float64))
        return _softmax(np.asarray(logits, dtype=np.float64))


def find_logits(answer: tf.Tensor) -> tuple[tf.Tensor, Head]:
    """The logits behind a model's answer, by walking back through the traced graph.

    Args:
        answer: float[B,units] (or float[B,1,1,units]), the traced output of the model.

    Returns:
        logits float32[B,K] and the head that makes the answer of them.

    Raises:
        ValueError: The model does not answer one number per class.
    """
    import tensorflow as tf

    units = _units(answer)
    source = _origin(answer)
    kind = _HEADS.get(source.op.type, "linear")
    found: Any = answer if kind == "linear" else source.op.inputs[0]
    if found.shape.rank is not None and found.shape[-1] != units:
        kind, found = "linear", answer
    logits = tf.cast(tf.reshape(found, [-1, units]), tf.float32)
    head = Head(kind, units)
    return (tf.concat([-logits, logits], axis=1) if head.is_binary else logits), head


def _origin(answer: tf.Tensor) -> tf.Tensor:
    """The tensor that was computed, before it was only passed on."""
    source = answer
    while source.op.type in _PASSED_THROUGH or is_function_call(source):
        source = inlined(source) if is_function_call(source) else source.op.inputs[source.value_index]
    return source


def _units(answer: tf.Tensor) -> int:
    shape = answer.shape.as_list() if answer.shape.rank is not None else None
    if not shape or len(shape) < 2 or shape[-1] is None or any(size != 1 for size in shape[1:-1]):
        raise ValueError(
            f"Expected a classifier that answers one number per class, shape (batch, classes). "
            f"This one answers shape {tuple(shape) if shape else 'unknown'}. "
            f"Pass a model, or name an output=, that ends in one score per class."
        )
    return int(shape[-1])


def _softmax(z: np.ndarray) -> np.ndarray:
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _sigmoid(z: np.ndarray) -> np.ndarray:
    return 0.5 * (1.0 + np.tanh(0.5 * z))
