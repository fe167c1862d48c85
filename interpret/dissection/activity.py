"""How strongly each channel of a layer answers to an image: a differentiable function, also as a small Keras model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..graph.state.written_variables import kept, written_variables
from ..tracing.traced_model import TracedModel


class ChannelActivity:
    """Mean over places of each channel of a layer.

    Args:
        model: A Keras model of one input.
        layer: Name of the layer; None for the logits.
        image_shape: (H, W, C), for a model that leaves it open.
        output: Which output to follow, where the model has several.

    Raises:
        ValueError: The layer does not exist, the model has several inputs, or its image's shape is not known.
    """

    def __init__(
        self, model: Any, layer: str | None, *, image_shape: tuple[int, int, int] | None, output: str | None
    ) -> None:
        import tensorflow as tf

        self._traced, self._layer = TracedModel(model, output=output), layer
        self.image_shape = self._known_shape(image_shape)
        blank = np.zeros((1, *self.image_shape), dtype=np.float32)
        self._form = self._traced.form_of(blank)
        self._traced.build(self._form, self._form.flatten(blank))
        spec = tf.TensorSpec((None, *self.image_shape), tf.float32)
        self._function = tf.function(self._activity, autograph=False).get_concrete_function(spec)
        self.written = written_variables(self._function)

    def check(self, channels: int | Sequence[int]) -> np.ndarray:
        """The channels as int64[N].

        Raises:
            ValueError: One does not exist, or none is named.
        """
        known = int(self._function.structured_outputs[0].shape[-1])
        given = np.atleast_1d(np.asarray(channels))
        if (
            given.ndim != 1
            or given.size == 0
            or given.dtype.kind not in "iu"
            or not np.all((given >= 0) & (given < known))
        ):
            where = f"layer {self._layer!r}" if self._layer else "the logits"
            raise ValueError(
                f"Expected channels from 0 to {known - 1} of {where}. Received {channels!r}. "
                f"Give one number, or a list of such numbers."
            )
        return given.astype(np.int64)

    def of(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation over places of each channel for images [N,H,W,C]: two float32[N,channels]."""
        import tensorflow as tf

        with kept(self.written):
            mean, spread = self._function(tf.constant(images, tf.float32))
        return mean.numpy(), spread.numpy()

    def keras_model(self) -> Any:
        """A Functional model image -> means, with the traced function as its only layer; any Keras model ends up here."""
        import keras

        function = self._function

        class Traced(keras.layers.Layer):
            def call(self, images: Any) -> Any:
                return function(images)[0]

        image = keras.Input(self.image_shape)
        return keras.Model([image], Traced(dtype="float32")(image))

    def _activity(self, images: Any) -> tuple[Any, Any]:
        import tensorflow as tf

        taps = self._traced.trace(self._form, [tf.cast(images, self._form.dtypes[0])])
        tensor = tf.cast(taps.logits if self._layer is None else taps.find(self._layer).maps, tf.float32)
        places = list(range(1, tensor.shape.rank - 1))
        if not places:  # a unit of a dense layer has one place: its size stands for its spread
            return tensor, tf.abs(tensor)
        return tf.reduce_mean(tensor, axis=places), tf.math.reduce_std(tensor, axis=places)

    def _known_shape(self, image_shape: tuple[int, int, int] | None) -> tuple[int, int, int]:
        form = self._traced.form
        if form is not None and len(form.names) != 1:
            raise ValueError(
                f"Expected a model of one input. This one takes {', '.join(form.names)}. Give the part of it that "
                f"sees the image."
            )
        found: Any = image_shape if image_shape is not None else (form.shapes[0] if form is not None else None)
        if found is None or len(found) != 3 or None in found:
            raise ValueError(
                f"Expected the image's shape (H, W, C). The model leaves it open: {found}. "
                f"Give image_shape=, such as (28, 28, 1)."
            )
        return (int(found[0]), int(found[1]), int(found[2]))
