"""Does a model take series or volumes rather than pictures, which axis is their channel, and what if there is none?"""

from __future__ import annotations

from typing import Any

from ..graph.keras_library import library_of
from ..tracing.axes import Axes
from ..tracing.batched_graph import LayerProgram
from ..tracing.inputs import declared_inputs
from ..tracing.traced_model import TracedModel


def signal_axes(model: Any) -> Axes | None:
    """The axes of a model's one input, where that is a series [B,L,C] or a volume [B,D,H,W,C]; None for pictures and all else.

    Example:
        >>> signal_axes(keras.Sequential([keras.Input((16, 1)), keras.layers.Conv1D(2, 3)])).words   # doctest: +SKIP
        '(B, T, C)'
    """
    form = declared_inputs(model)
    if form is None or len(form.names) != 1 or "float" not in form.dtypes[0] or not 1 <= len(form.shapes[0]) <= 4:
        return None
    if len(form.shapes[0]) == 3 and not any("3D" in type(layer).__name__ for layer in model._flatten_layers()):
        return None  # a picture, without a trace
    axes = LayerProgram(TracedModel(model), lambda taps, _: {"image": taps.image}).axes
    return axes if axes is not None and axes.has_channel_last and len(axes.places) in (1, 3) else None


WITHOUT_CHANNEL = "without_channel"  # the layer that `with_channel` puts before a model


def with_channel(model: Any) -> Any:
    """The model as one that takes [B,places...,1], where it takes [B,places...]; it shares all weights."""
    library, taken = library_of(model), model.inputs[0]
    places = tuple(taken.shape)[1:]
    given = library.Input((*places, 1), dtype=getattr(taken.dtype, "name", taken.dtype))
    bare = library.layers.Reshape([-1 if size is None else size for size in places], name=WITHOUT_CHANNEL)(given)
    return library.Model(given, model(bare), name=model.name)
