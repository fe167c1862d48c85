"""Attention, rolled out over all blocks of a transformer: which places reach the token that the answer is read from.

Attention rollout: Abnar, Zuidema, "Quantifying Attention Flow in Transformers", ACL 2020, arXiv:2005.00928. With A_l the
attention [T,T] of block l, the mean over its heads:

    B_l = 0.5 A_l + 0.5 I                        (a residual connection carries half; its section 3)
    R = B_L ... B_2 B_1                          (eq. 1)

It asks for no class: the map is the same for each. Rows sum to 1, so values are shares of the attention.

Gradient-weighted: Chefer, Gur, Wolf, "Generic Attention-model Explainability for Interpreting Bi-Modal and Encoder-Decoder
Transformers", ICCV 2021, arXiv:2103.15679, for self-attention. With y the score:

    B_l = mean over heads of ReLU( dy/dA_l * A_l )     (eq. 5)
    R <- R + B_l R, from R = I                         (eq. 6)

The map is the row of R that the answer is read from, without what each token has of itself, at the tokens that are places. Which
token that is, is read from the model: those whose output of the last attention has a gradient of the score; the class token, or
all tokens in equal parts where they are averaged. Departure: the identity is taken off R in the gradient-weighted form, which the
paper's class token does not feel, and which would lift every place alike where tokens are averaged.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ....kinds import checks_kinds
from ...graph.ways import follows_from, leads_to
from ...tracing.batched_graph import Compute
from ...tracing.layer_choice import on_the_grid, token_layers
from ...tracing.layer_hooks import ATTENTION
from ...tracing.traced_model import TappedLayer, Taps, gradients
from ..attribution import Attribution

Rolled = Callable[[list[Any], Any], Any]  # (attentions [B,heads,T,T], the score) -> [B,T,T], inside of a graph


class AttentionRollout(Attribution):
    """Attention rollout: the share of attention that comes from each place; `classes` and `versus` change nothing.

    Args:
        model: A Keras model of blocks of self-attention (`MultiHeadAttention`) over tokens cut from a picture.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Calling it gives float32[B,h,w] on the grid of places, 0..1; with a class token the places and that token sum to 1.

    Raises:
        ValueError: The model has no attention, blocks that do not attend between the same tokens, or no grid that can be told.
    """

    @checks_kinds
    def __init__(self, model: Any, *, output: str | None = None, wrt: str | None = None) -> None:
        super().__init__(model, rolled_out(rollout), output=output, wrt=wrt)


class GradientRollout(Attribution):
    """Attention weighted by the score's gradient, rolled out: which places speak for the class.

    Args and errors as for `AttentionRollout`.

    Calling it gives float32[B,h,w] on the grid of places, at least 0.
    """

    @checks_kinds
    def __init__(self, model: Any, *, output: str | None = None, wrt: str | None = None) -> None:
        super().__init__(model, rolled_out(gradient_rollout), output=output, wrt=wrt)


def rolled_out(how: Rolled) -> Compute:
    """The map of a rule over the attentions of all blocks, as what a program computes."""

    def compute(taps: Taps, scores: Any) -> dict[str, Any]:
        import tensorflow as tf

        blocks = attention_blocks(taps)
        grid = on_the_grid(taps, token_layers(taps)[-1]).axes
        read = _read_from(taps, blocks[-1], scores)
        rolled = how([tf.cast(each.tensor, tf.float32) for each in blocks], _slopes(blocks, scores, how))
        return {"map": grid.channel_last(tf.einsum("bt,bts->bs", read, rolled)[..., tf.newaxis])[..., 0]}

    return compute


def rollout(attentions: list[Any], _: Any = None) -> Any:
    """Equation 1; attentions [B,heads,T,T] of all blocks, first to last -> [B,T,T], inside of a graph."""
    import tensorflow as tf

    rolled = identity = tf.eye(attentions[0].shape[-1])
    for each in attentions:
        rolled = tf.matmul(0.5 * tf.reduce_mean(each, axis=1) + 0.5 * identity, rolled)
    return rolled


def gradient_rollout(attentions: list[Any], slopes: list[Any]) -> Any:
    """Equations 5 and 6, less the identity; attentions and their gradients [B,heads,T,T] -> [B,T,T], inside of a graph."""
    import tensorflow as tf

    rolled = identity = tf.eye(attentions[0].shape[-1])
    for each, slope in zip(attentions, slopes, strict=True):
        rolled = rolled + tf.matmul(tf.reduce_mean(tf.nn.relu(slope * each), axis=1), rolled)
    return rolled - identity


def _slopes(blocks: list[TappedLayer], scores: Any, how: Rolled) -> list[Any]:
    """The score's gradient at each attention, where the rule asks for it."""
    if how is rollout:
        return []
    return gradients(scores, {f"layer {each.name!r}": each.tensor for each in blocks})


def attention_blocks(taps: Taps) -> list[TappedLayer]:
    """The attention of each block on the way from the image to the scores, first to last.

    Raises:
        ValueError: There is none, or they are not between the same tokens, one block after another.
    """
    ways = follows_from(taps.image) & leads_to(taps.ends)
    found = [each for each in taps.attentions if each.tensor.op in ways]
    if not found:
        raise ValueError(
            "Expected a model with MultiHeadAttention between the image and the scores. Received one without. Use GradCAM, or "
            "Saliency."
        )
    for each, later in zip(found, [*found[1:], None], strict=True):
        shape = each.tensor.shape
        same = shape.rank == 4 and shape[-1] is not None and shape[-2] == shape[-1] == found[0].tensor.shape[-1]
        if not same or (later is not None and later.tensor.op not in follows_from(each.tensor)):
            raise ValueError(
                f"Expected blocks of self-attention between the same tokens, one after another. Layer {each.name!r} attends "
                f"{tuple(shape)[1:]} beside or between others (windows, a decoder, branches). Use TokenGradCAM or Saliency."
            )
    return found


def _read_from(taps: Taps, last: TappedLayer, scores: Any) -> Any:
    """float32[B,T], sums to 1: the tokens that the score reads, by its gradient at what the last attention puts out."""
    import tensorflow as tf

    layer, _, call = last.path.rpartition(f"/{ATTENTION}")  # 'block4', and ':1' for a second call of it
    output = next(each for each in taps.layers if each.path == layer + call)
    (slope,) = gradients(scores, {f"layer {output.name!r}": output.tensor})
    is_read = tf.cast(tf.reduce_any(slope != 0, axis=-1), tf.float32)
    return tf.math.divide_no_nan(is_read, tf.reduce_sum(is_read, axis=1, keepdims=True))
