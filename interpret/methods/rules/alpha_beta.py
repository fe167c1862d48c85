"""alpha-beta: evidence for and against a layer's output, each shared out by itself.

Bach et al. 2015, doi:10.1371/journal.pone.0130140, eq. 60. With c[i,j] = x[i] w[i,j], its positive and negative parts c+
and c-, the bias's b+ and b-, and alpha - beta = 1 (here 2 and 1):

    R[i] = sum over j of (alpha * c[i,j]+ / (sum of c+ + b+) - beta * c[i,j]- / (sum of c- + b-)) * R[j]

An output that nothing speaks against has no second part: it then hands on alpha times its relevance, and the sum is not kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..relevance_rules import Linear, raised_and_lowered, stabilised

if TYPE_CHECKING:
    import tensorflow as tf

_ALPHA, _BETA = 2.0, 1.0


def alpha_beta_relevance(linear: Linear, relevance: tf.Tensor, epsilon: float) -> tf.Tensor:
    """The relevance of a linear step's inputs by alpha = 2, beta = 1."""
    import tensorflow as tf

    source = tf.stop_gradient(tf.cast(linear.source, tf.float32))
    up, down = raised_and_lowered(linear, source)
    (raised,) = tf.gradients(up, source, grad_ys=relevance / stabilised(up, epsilon))
    (lowered,) = tf.gradients(down, source, grad_ys=relevance / stabilised(down, epsilon))
    return source * (_ALPHA * raised - _BETA * lowered)
