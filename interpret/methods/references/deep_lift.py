"""DeepLIFT: the score's difference from that of a reference image, handed back to the pixels.

Shrikumar, Greenside, Kundaje, "Learning Important Features Through Propagating Activation Differences", ICML 2017,
arXiv:1704.02685, by the Rescale rule. With x the image, r the reference, t a value inside of the model on x and t0 on r:

    m[x,t] = (sum over paths of) the product of multipliers                        (chain rule, eq. 3)
    linear step     its weight                                                     (section 3.5.1)
    f(t), one input (f(t) - f(t0)) / (t - t0); f'(t) where they are equal          (Rescale, section 3.5.2)
    largest of t_k  what of max(t) - max(t0) its place brought, over t_k - t0_k    (as in the authors' code and in SHAP's)

    map[i,j] = sum over c of m * (x - r)[i,j,c]                                    (eq. 1)

So the map sums to y(x) - y(r), to rounding: that is `gap`. Computed as a gradient whose slopes at nonlinear steps are replaced
(Ancona, Ceolini, Öztireli, Gross 2018, arXiv:1711.06104, proposition 2): image and reference go through the model together.

Departure: the multipliers start at the score, which is a logit in every method here. Two values multiplied, a normalisation over
an image's own values or an attention have no multiplier by this rule: such a model is refused by the layer's name.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ....kinds import checks_kinds
from ...graph.function_calls import is_function_call
from ...graph.ways import follows_from, leads_to
from ...tracing.batched_graph import Program
from ...tracing.inputs import InputForm
from ...tracing.traced_model import Taps, TracedModel, gradients
from ..attribution import CompleteAttribution

if TYPE_CHECKING:
    import tensorflow as tf

_NEAR = 1e-6  # values nearer than this part of the larger are taken as equal: their difference is rounding
_CURVED = ("Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Sigmoid", "Tanh", "Softplus", "Softsign")
_LARGEST = ("MaxPool",)
_LINEAR = (
    "Conv2D",
    "Conv3D",
    "DepthwiseConv2dNative",
    "MatMul",
    "BatchMatMulV2",
    "BiasAdd",
    "AddV2",
    "Add",
    "AddN",
    "Sub",
    "Mul",
)
_LINEAR += ("RealDiv", "Neg", "Mean", "Sum", "AvgPool", "AvgPool3D", "FusedBatchNormV3", "Einsum")
_MOVED = (
    "Identity",
    "Cast",
    "Reshape",
    "Squeeze",
    "ExpandDims",
    "Transpose",
    "Pad",
    "PadV2",
    "MirrorPad",
    "ConcatV2",
    "Pack",
)
_MOVED += (
    "StridedSlice",
    "Slice",
    "GatherV2",
    "Split",
    "SplitV",
    "SpaceToBatchND",
    "BatchToSpaceND",
    "StopGradient",
    "Tile",
)
_MOVED += (
    "PreventGradient",
    "EnsureShape",
    "DepthToSpace",
    "SpaceToDepth",
    "ResizeBilinear",
    "ResizeNearestNeighbor",
    "Unpack",
)
_NOT_VALUES = ("Shape", "ShapeN", "Size", "Rank", "NoOp")
_RULE = "FeaturelensRescale"


class DeepLIFT(CompleteAttribution):
    """DeepLIFT by the Rescale rule: signed contributions that sum to the score's difference from a reference image.

    Args:
        model: A Keras model whose nonlinear steps have one input each (ReLU, sigmoid, tanh ...), or take the largest of several.
        baseline: The reference: one number for every pixel, or an array of the image's shape.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Calling it gives float32[B,H,W] at the input's resolution, in units of the score, summed over channels; positive speaks for
    the class. A pixel that equals the reference has 0.

    Raises:
        ValueError: A layer has no multiplier by this rule (it is named), or the reference does not fit the image.

    Example:
        A model whose logit is ReLU(x0 - 1) + x1, at (3, 2) from (0, 0): the ReLU goes from 0 to 2 while its input goes from -1 to
        2, so its multiplier is 2/3: the map is (3 * 2/3, 2) = (2, 2), and sums to 4 - 0. The plain gradient would give (3, 2).
    """

    @checks_kinds
    def __init__(
        self, model: Any, baseline: float | np.ndarray = 0.0, *, output: str | None = None, wrt: str | None = None
    ) -> None:
        self.baseline = np.asarray(baseline, np.float32)
        if not np.isfinite(self.baseline).all():
            raise ValueError("Expected a baseline of finite numbers. Received NaN or infinity. Give 0.0, for example.")

        def compute(taps: Taps, scores: Any) -> dict[str, Any]:
            import tensorflow as tf

            _refuse_without_multiplier(taps)
            (slope,) = gradients(scores, {"the image": taps.image})
            image, reference = tf.split(tf.cast(taps.image, tf.float32), 2)
            parts = tf.split(slope, 2)[0] * (image - reference)
            (asked,) = gradients(scores, {"the logits": taps.logits})
            there = tf.reduce_sum(asked * traced.at_reference, axis=-1)
            return {"map": taps.axes.over_channel(parts, tf.reduce_sum), "expected": scores - there}

        traced = _BesideReference(model, self.baseline, output=output, wrt=wrt)
        self._program = Program(traced, compute)


class _BesideReference(TracedModel):
    """A model that sees the image and the reference in one batch; its slopes at nonlinear steps are those of Rescale."""

    def __init__(self, model: Any, baseline: np.ndarray, *, output: str | None, wrt: str | None) -> None:
        super().__init__(model, output=output, wrt=wrt)
        self._baseline = baseline
        self.at_reference: Any = None  # float32[B,K], the logits of the reference, in the latest trace
        self._plain = False

    def answer(self, form: InputForm, flat: Sequence[np.ndarray], **how: Any) -> np.ndarray:
        """The model's own answer, without a reference."""
        self._plain = True
        try:
            return super().answer(form, flat, **how)
        finally:
            self._plain = False

    def trace(
        self, form: InputForm, flat: Sequence[tf.Tensor], replaced: Mapping[str, tf.Tensor] | None = None
    ) -> Taps:
        import tensorflow as tf

        if self._plain:
            return super().trace(form, flat, replaced)
        _register_rules()
        image = form.image_index(self.wrt)
        beside = [each if i != image else _reference(each, self._baseline) for i, each in enumerate(flat)]
        both = [tf.concat([given, other], axis=0) for given, other in zip(flat, beside, strict=True)]
        graph: Any = tf.compat.v1.get_default_graph()
        with graph.gradient_override_map({kind: _RULE + kind for kind in (*_CURVED, *_LARGEST)}):
            taps = super().trace(form, both, replaced)
        logits, self.at_reference = tf.split(taps.logits, 2)
        return replace(taps, scored=(logits, taps.head))


def _reference(image: Any, baseline: np.ndarray) -> Any:
    """The reference, as many times as there are images."""
    import tensorflow as tf

    shape = tuple(image.shape[1:])
    fits = baseline.ndim <= len(shape) and all(
        a == 1 or b is None or a == b for a, b in zip(baseline.shape[::-1], shape[::-1], strict=False)
    )
    if not fits or not image.dtype.is_floating:
        raise ValueError(
            f"Expected a baseline of one number, or of the images' shape {shape}, and images of real numbers. Received shape "
            f"{baseline.shape} and {image.dtype.name}. Give one number, or use Occlusion for whole numbers."
        )
    return tf.zeros_like(image) + tf.cast(baseline, image.dtype)


@functools.cache
def _register_rules() -> None:
    """Make the Rescale rule known to TensorFlow by name, once; no gradient uses it that does not ask for it."""
    import tensorflow as tf
    from tensorflow.python.framework import ops

    for kind in (*_CURVED, *_LARGEST):
        plain = ops.gradient_registry.lookup(kind)
        rule = _of_the_largest if kind in _LARGEST else _of_one_value
        tf.RegisterGradient(_RULE + kind)(functools.partial(rule, plain))


def _of_one_value(plain: Any, operation: Any, above: Any) -> Any:
    """(f(t) - f(t0)) / (t - t0) on the image's half, the plain slope where the two are equal; nothing on the reference's."""
    import tensorflow as tf

    into, out = (tf.split(each, 2) for each in (operation.inputs[0], operation.outputs[0]))
    change = into[0] - into[1]
    is_equal = tf.abs(change) <= _NEAR * tf.maximum(tf.abs(into[0]), tf.abs(into[1]))
    given = tf.split(above, 2)[0]
    slope = tf.split(plain(operation, above), 2)[0]
    rescaled = given * (out[0] - out[1]) / tf.where(is_equal, tf.ones_like(change), change)
    found = tf.where(is_equal, slope, rescaled)
    return tf.concat([found, tf.zeros_like(found)], axis=0)


def _of_the_largest(plain: Any, operation: Any, above: Any) -> Any:
    """What of the change of the largest value each place brought: up to it on the image, and from it on the reference."""
    import tensorflow as tf

    into, out = (tf.split(each, 2) for each in (operation.inputs[0], operation.outputs[0]))
    change = into[0] - into[1]
    is_equal = tf.abs(change) <= _NEAR * tf.maximum(tf.abs(into[0]), tf.abs(into[1]))
    given, peak = tf.split(above, 2)[0], tf.maximum(out[0], out[1])
    rise, fall = given * (peak - out[1]), given * (out[0] - peak)
    brought = tf.add_n(tf.split(plain(operation, tf.concat([rise, fall], axis=0)), 2))
    found = tf.where(is_equal, tf.zeros_like(change), brought / tf.where(is_equal, tf.ones_like(change), change))
    return tf.concat([found, tf.zeros_like(found)], axis=0)


def _refuse_without_multiplier(taps: Taps) -> None:
    """Refuse a model with a step between image and logits that the rule says nothing of: its map would not sum up."""
    after = follows_from(taps.image)
    for operation in after & leads_to([taps.logits]):
        if operation.type in (*_NOT_VALUES, *_CURVED, *_LARGEST, *_MOVED) or operation is taps.image.op:
            continue
        sources = {each.name for each in operation.inputs if each.op in after}
        constant_scale = operation.type not in ("Mul", "MatMul", "BatchMatMulV2", "Einsum") or len(sources) == 1
        divided = operation.type == "RealDiv" and operation.inputs[1].op in after
        squared = operation.type == "Mul" and operation.inputs[0] is operation.inputs[1]
        if operation.type in _LINEAR and constant_scale and not divided and not squared:
            continue
        if any(is_function_call(made) for made in operation.outputs):
            what = "a function call (a SavedModel, or a layer compiled with tf.function)"
        else:
            what = f"the operation {operation.type!r} at {operation.name!r}"
        raise ValueError(
            f"Expected sums, and nonlinear steps of one value each, for DeepLIFT. Received {what}, which has no multiplier by "
            f"the Rescale rule. Use IntegratedGradients, which sums to the same difference on any model."
        )
