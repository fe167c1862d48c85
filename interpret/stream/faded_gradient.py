"""Saturation: how much of the logit's gradient is left after the head.

Where a model is sure, the gradient of its probability fades, and a map of the probability is noise stretched to full
colour (Selvaraju et al. 2017, arXiv:1610.02391, take the score before the softmax for that reason, as this package
does). With p the class's probability and z its logit:

    saturation = || dp/dx || / || dz/dx ||

1 / 4 and more: nothing has faded; 1e-7: a map of the probability would show rounding. For one sigmoid unit it is
p (1 - p). With a softmax, p = sigmoid(m) for the margin m = z - logsumexp(other logits), so dp/dx = p (1 - p) dm/dx:
computed so, it stays exact where float32 rounds p to 1. It is seldom above 1: only where the image moves the other logits
far more than the class's own. A model that answers logits is taken as its loss takes it, with a softmax.
"""

from __future__ import annotations

from typing import Any

from ..tracing.traced_model import Taps, gradients


def saturation(taps: Taps, scores: Any, at_image: Any) -> Any:
    """|| dp/dx || / || dz/dx || of each image, with `at_image` = dz/dx; inside of a graph."""
    import tensorflow as tf

    before = size_of(at_image)
    if taps.head.unit != "logit":  # nothing stands between the score and the answer
        return tf.where(before > 0, tf.ones_like(before), tf.fill(tf.shape(before), float("nan")))
    margin = behind_head(taps, scores)
    after = fading(margin) * size_of(gradients(margin, {"the image": taps.image})[0])
    return tf.where(before > 0, after / before, tf.fill(tf.shape(before), float("nan")))


def behind_head(taps: Taps, scores: Any) -> Any:
    """m, of which the class's probability is the sigmoid; inside of a graph, of a model whose scores are logits."""
    alone = taps.head.kind == "sigmoid" or taps.head.is_binary
    return scores if alone else _margin(taps.logits, scores)


def fading(margin: Any) -> Any:
    """p (1 - p) of each image, the slope of the sigmoid at m; inside of a graph."""
    import tensorflow as tf

    return tf.sigmoid(margin) * tf.sigmoid(-margin)


def _margin(logits: Any, scores: Any) -> Any:
    """z - logsumexp(the other logits): the class explained is the one whose logit is the score."""
    import tensorflow as tf

    own = tf.gradients(scores, logits)[0] > 0  # the score is one of the logits: its gradient says which
    return scores - tf.reduce_logsumexp(tf.where(own, logits.dtype.min, logits), axis=1)


def size_of(slope: Any) -> Any:
    """The length of each image's gradient, float32[B]; inside of a graph."""
    import tensorflow as tf

    return tf.sqrt(tf.reduce_sum(tf.square(tf.reshape(slope, [tf.shape(slope)[0], -1])), axis=1))
