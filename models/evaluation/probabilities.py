"""From what a model puts out to a probability for each class."""

import numpy as np

from ..known_names import unknown_name

HEADS = ("softmax", "sigmoid", "linear", "probability", "log_softmax")
SLACK = 1e-2  # how far rows may be from the sum 1: a float16 softmax over 200 classes is off by 0.003


def probabilities_of(outputs: np.ndarray, classes: int, head: str) -> np.ndarray:
    """The probability of each class.

    Args:
        outputs: float[B,K], what the model says; for two classes also float[B,1]: the unit is class 1, the rest 0.
        classes: K.
        head: 'softmax' (rows sum to 1), 'sigmoid' (each unit in [0, 1]) 'linear' (logits), 'log_softmax'
            (logarithms of probabilities), or 'probability' (each in [0, 1], such as a mean of softmaxes).

    Returns:
        float32[B,K], in [0, 1].

    Example:
        >>> probabilities_of(np.array([[0.25]]), classes=2, head="sigmoid").tolist()
        [[0.75, 0.25]]
    """
    if head not in HEADS:
        raise unknown_name("head", head, HEADS, "Pass what the model's output is.")
    if outputs.ndim != 2 or outputs.shape[1] not in ({classes, 1} if classes == 2 else {classes}):
        raise ValueError(
            f"Expected an output [B,{classes}] for {classes} classes. Received {list(outputs.shape)}. "
            "Give the data and the model the same classes."
        )
    values = outputs.astype(np.float64)
    if head in ("linear", "log_softmax"):
        values = _sigmoid(values) if values.shape[1] == 1 else _softmax(values)
    _check(values, head)
    both = np.concatenate([1 - values, values], axis=1) if values.shape[1] == 1 else values
    return both.astype(np.float32)


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _sigmoid(logits: np.ndarray) -> np.ndarray:
    return 0.5 * (1 + np.tanh(0.5 * logits))  # the same function, without overflow


def _check(values: np.ndarray, head: str) -> None:
    """Refuse what cannot be probabilities: most often the outputs are logits."""
    low, high = float(values.min()), float(values.max())
    if not (low >= -SLACK and high <= 1 + SLACK):
        raise ValueError(
            f"Expected a {head} output in [0, 1]. Received values from {low:.4g} to {high:.4g}. "
            "Pass head='linear' if the model ends in logits."
        )
    worst = float(np.abs(values.sum(axis=1) - 1).max())
    if head == "softmax" and values.shape[1] > 1 and worst > SLACK:
        raise ValueError(
            f"Expected a softmax output whose rows sum to 1. Received a row that is {worst:.4g} off. "
            "Pass head='sigmoid' for one sigmoid per class, or head='linear' for logits."
        )
