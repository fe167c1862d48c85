"""Guided backpropagation: the gradient, of which each ReLU lets pass only what is positive.

Springenberg, Dosovitskiy, Brox, Riedmiller, "Striving for Simplicity: The All Convolutional Net", ICLR 2015 workshop,
arXiv:1412.6806, section 3.4. At each ReLU with input f and gradient R from above:

    R' = (f > 0) * (R > 0) * R             (for ReLU6: (0 < f < 6) * (R > 0) * R)

Caution: the map is hardly about the decision. Adebayo et al. 2018 (arXiv:1810.03292) find it nearly unchanged after the
upper layers' weights are replaced by random ones; Nie, Zhang, Patel 2018 (arXiv:1805.07039) show that it partly restores
the image. So building one warns, and `CAUTION` is the text to print beside its picture.

The rule replaces the gradient of every ReLU of the traced graph, whether it is a layer of its own, fused in another, or
a plain function; the model itself is not touched.
"""

from __future__ import annotations

import functools
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ...kinds import checks_kinds
from ..graph.function_calls import body_of, is_function_call
from ..tracing.batched_graph import Program
from ..tracing.inputs import InputForm
from ..tracing.traced_model import Taps, TracedModel, gradients
from .attribution import Attribution

if TYPE_CHECKING:
    import tensorflow as tf

CAUTION = (
    "Guided backpropagation partly restores the image and hardly depends on the upper layers (arXiv:1810.03292, "
    "arXiv:1805.07039): read it as an edge picture, not as evidence for the class."
)

_GUIDED = {"Relu": "FeaturelensGuidedRelu", "Relu6": "FeaturelensGuidedRelu6"}


class GuidedBackpropagation(Attribution):
    """Guided backpropagation, signed, summed over channels; building one warns of what it does not show.

    Args:
        model: A Keras model with ReLUs.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Calling it gives float32[B,H,W] at the input's resolution, in score units per unit of pixel value.

    Raises:
        ValueError: The model has no ReLU, or some out of reach: the map would be the plain gradient.

    Example:
        A model whose logit is ReLU(x) - ReLU(2 * x), at x = 1: the plain gradient is -1; here the second ReLU gets -1 from
        above and passes nothing, so the map is 1.
    """

    @checks_kinds
    def __init__(self, model: Any, *, output: str | None = None, wrt: str | None = None) -> None:
        warnings.warn(CAUTION, UserWarning, stacklevel=2)

        def compute(taps: Taps, scores: Any) -> dict[str, Any]:
            import tensorflow as tf

            _refuse_other_relus(taps)
            (slope,) = gradients(scores, {"the image": taps.image})
            return {"map": taps.axes.over_channel(slope, tf.reduce_sum)}

        self._program = Program(_GuidedModel(model, output=output, wrt=wrt), compute)


class _GuidedModel(TracedModel):
    """A model whose ReLUs, as they are traced, get the guided gradient."""

    def trace(self, form: InputForm, flat: Sequence[tf.Tensor]) -> Taps:
        import tensorflow as tf

        _register_gradients()
        graph: Any = tf.compat.v1.get_default_graph()
        with graph.gradient_override_map(_GUIDED):
            return super().trace(form, flat)


@functools.cache
def _register_gradients() -> None:
    """Make the rule known to TensorFlow by name, once; no gradient uses it that does not ask for it."""
    import tensorflow as tf

    def relu(operation: Any, above: Any) -> Any:
        return tf.nn.relu(above) * tf.cast(operation.outputs[0] > 0, above.dtype)

    def relu6(operation: Any, above: Any) -> Any:
        inside = (operation.outputs[0] > 0) & (operation.outputs[0] < 6)
        return tf.nn.relu(above) * tf.cast(inside, above.dtype)

    tf.RegisterGradient(_GUIDED["Relu"])(relu)
    tf.RegisterGradient(_GUIDED["Relu6"])(relu6)


def _refuse_other_relus(taps: Taps) -> None:
    """Refuse a model whose ReLUs do not all follow the rule: its map would be, at least in part, the plain gradient."""
    graph: Any = taps.logits.graph
    operations = graph.get_operations()
    hidden = next((each for each in operations if _calls_a_relu(each)), None)
    if hidden is not None:
        raise ValueError(
            f"Expected a model whose ReLUs can be reached. Received a function call at {hidden.name!r} (a SavedModel, or a "
            f"layer compiled with tf.function), whose ReLUs would keep their plain gradient. Use Saliency, or load the "
            f"model from its .keras file."
        )
    if not any(operation.type in _GUIDED for operation in operations):
        raise ValueError(
            "Expected a model with ReLUs, where guided backpropagation has its rule. This model has none, and the map "
            "would be the plain gradient. Use Saliency or InputXGradient."
        )


def _calls_a_relu(operation: Any) -> bool:
    """Whether the operation calls a function with a ReLU inside; that of a grouped convolution has none."""
    if not any(is_function_call(output) for output in operation.outputs):
        return False
    return any(inner.type in _GUIDED or _calls_a_relu(inner) for inner in body_of(operation).get_operations())
