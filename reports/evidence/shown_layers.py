"""Which layers a report walks through: the end of every stage, from the first map to the last features."""

from __future__ import annotations

from ...interpret import LayerInformation, ModelInformation

MOST_STAGES = 8
_SAME_CONTENT = (
    "Dropout",
    "Flatten",
    "Reshape",
    "Rescaling",
    "Normalization",
    *(f"{what}{axes}D" for what in ("ZeroPadding", "SpatialDropout") for axes in (1, 2, 3)),
)


def stages(information: ModelInformation) -> list[str]:
    """The layers to show, first to last.

    Layers that change no content (padding, dropout, flatten) are left out, and so are the layers before the last of a run
    of one output shape: a convolution with its normalisation and activation is one stage. The classes' own layer is left
    out, as the logits stand for it. Of more than 8 stages, 8 are taken at equal steps, the first and the last included.
    """
    kept: list[LayerInformation] = []
    with_places = {"(B, T, C)": 2, "(B, D, H, W, C)": 4}.get(
        information.axes, 3
    )  # numbers of a shape: places and channel
    for layer in information.layers:
        if (
            layer.kind in _SAME_CONTENT
            or layer.kind.startswith("Random")
            or len(layer.output_shape) not in (1, with_places)
        ):
            continue
        if kept and kept[-1].output_shape == layer.output_shape:
            kept.pop()
        kept.append(layer)
    while kept and kept[-1].output_shape in ((information.classes,), (1,)):
        kept.pop()
    if len(kept) > MOST_STAGES:
        steps = [round(index * (len(kept) - 1) / (MOST_STAGES - 1)) for index in range(MOST_STAGES)]
        kept = [kept[step] for step in steps]
    return [layer.name for layer in kept]


def end_of_stage(information: ModelInformation, name: str) -> str:
    """The last layer of the run of one output shape that `name` is in, such as the ReLU after a convolution."""
    names = [layer.name for layer in information.layers]
    start = names.index(name)
    end = information.layers[start]
    for layer in information.layers[start + 1 :]:
        if layer.output_shape != end.output_shape:
            break
        if layer.kind not in _SAME_CONTENT:
            end = layer
    return end.name
