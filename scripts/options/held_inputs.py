"""A model of several inputs as a model of one picture: the others are held at what is typed, for all images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from featurelens.interpret.tracing.inputs import InputForm

_TYPED = "a number, as many numbers as it takes with commas between them, or a .npy file of its shape"


def with_held_inputs(model: Any, wrt: str | None, held: Sequence[str]) -> Any:
    """The model as a function of the input `wrt` alone; without `held` the model as it is, if it has this input.

    Args:
        model: A Keras model.
        wrt: The name of the input that the pictures fill; None for the only one that is not held.
        held: NAME=VALUE of every other input, as typed.

    Raises:
        ValueError: A name is unknown, an input is left open, or a value does not fit.
    """
    from featurelens.interpret.tracing.inputs import declared_inputs, missing_from_model

    form = declared_inputs(model)
    if form is None:
        if wrt is None and not held:
            return model
        raise ValueError(
            "Expected a model that declares its inputs (Sequential or Functional) for --wrt and --held. Received one that finds "
            "them by being called. Wrap it in a keras.Model with inputs that have names, and save that."
        )
    values = dict(_named_value(each) for each in held)
    for name in [*values, *([] if wrt is None else [wrt])]:
        if name not in form.names:
            raise ValueError(missing_from_model("input", name, form.names))
    if not values:
        return model
    left = [name for name in form.names if name not in values]
    if len(left) != 1 or wrt not in (None, left[0]):
        raise ValueError(
            f"Expected --held for each input but one, the picture. Received it for {', '.join(values)}; the model takes "
            f"{', '.join(form.names)}. Name the picture by --wrt, and hold every other input: --held NAME=VALUE."
        )
    return _of_one_input(model, form, left[0], values)


def _named_value(typed: str) -> tuple[str, str]:
    name, separator, value = typed.partition("=")
    if not separator or not value:
        raise ValueError(f"Expected --held NAME=VALUE. Received '{typed}'. Give {_TYPED}.")
    return name, value


def _of_one_input(model: Any, form: InputForm, picture: str, typed: dict[str, str]) -> Any:
    from featurelens.interpret.graph.keras_library import library_of

    library, place = library_of(model), form.names.index(picture)
    image = library.Input(form.shapes[place], dtype=form.dtypes[place], name=picture)
    inputs = [
        image if name == picture else _repeated(library, image, _value(name, typed[name], shape, dtype), name)
        for name, shape, dtype in zip(form.names, form.shapes, form.dtypes, strict=True)
    ]
    return library.Model(image, model(form.pack(inputs)), name=model.name)


def _repeated(library: Any, image: Any, value: np.ndarray, name: str) -> Any:
    """The value, once for each image of the batch."""
    import tensorflow as tf

    class Held(library.layers.Layer):
        def __init__(self, value: np.ndarray, **settings: Any) -> None:
            super().__init__(**settings)
            self.held_value = value  # two models that hold other values are two models: see `weights_fingerprint`

        def call(self, images: Any) -> Any:
            return tf.repeat(tf.constant(self.held_value)[None], tf.shape(images)[0], axis=0)

        def compute_output_shape(self, shape: Any) -> Any:
            return (shape[0], *self.held_value.shape)

        def get_config(self) -> dict[str, Any]:
            return {**super().get_config(), "value": self.held_value}

    return Held(value, name=f"held_{name}", dtype=value.dtype.name)(image)


def _value(name: str, typed: str, shape: tuple[int | None, ...], dtype: str) -> np.ndarray:
    """The value of one input, without a batch axis."""
    import numpy as np

    try:
        given = np.load(typed, allow_pickle=False) if Path(typed).suffix == ".npy" else _numbers(typed)
        value = np.asarray(given, dtype=dtype)
    except (OSError, ValueError, TypeError) as error:
        raise ValueError(f"Expected a value for --held {name}: {_TYPED}. Received '{typed}'. Mend it.") from error
    sizes = tuple(1 if size is None else size for size in shape)
    if value.size == 1:
        value = np.full(sizes, value.reshape(()))
    if value.ndim == 1 and value.size == int(np.prod(sizes)):
        value = value.reshape(sizes)
    fits = value.ndim == len(shape) and all(a is None or a == b for a, b in zip(shape, value.shape, strict=True))
    if not fits or (value.dtype.kind == "f" and not np.isfinite(value).all()):
        wanted = "(" + ", ".join("any" if size is None else str(size) for size in shape) + ")"
        raise ValueError(
            f"Expected finite numbers of shape {wanted} for --held {name}. Received shape {value.shape}. Give {_TYPED}."
        )
    return value


def _numbers(typed: str) -> list[float]:
    return [float(each) for each in typed.split(",")]
