"""Does a model take series or volumes rather than pictures, and which axis is their channel?"""

from __future__ import annotations

from typing import Any

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
