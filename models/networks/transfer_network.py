"""Transfer learning: a base from `keras.applications` under a new head of one dense layer.

Images of any size and of one or three channels are enlarged to 96x96, made three-channel and brought to the
range that the base was trained with, all by layers inside the model, so that it takes pixels in [0, 1].
"""

import warnings
from typing import Any

from ..known_names import unknown_name
from .seeded_layers import SeededLayers

SIZE = 96  # the smallest square that ImageNet's weights for MobileNetV2 were trained with
RANGES = {  # base -> (scale, offset) that brings [0, 1] to what the base expects
    "MobileNetV2": (2.0, -1.0),
    "Xception": (2.0, -1.0),
    "EfficientNetB0": (255.0, 0.0),
}
WEIGHTS = ("imagenet", "random")


def transfer(
    shape: tuple[int, int, int], classes: int, layer: SeededLayers, base: str = "MobileNetV2", weights: str = "imagenet"
) -> Any:
    """A classifier on a base of `keras.applications`.

    With ImageNet's weights the base is frozen and only the head learns; with random weights all of it learns.

    Args:
        shape: height, width and 1 or 3 channels of the input; pixels in [0, 1].
        classes: number of classes.
        layer: makes the head's layers, all from one seed.
        base: one of `RANGES`.
        weights: 'imagenet' (downloaded by Keras) or 'random'.

    Returns:
        an uncompiled functional `keras.Model`, its base a nested model of the base's name.
    """
    import keras

    check_base(base, weights)
    _check_channels(shape)
    scale, offset = RANGES[base]
    inputs = keras.Input(shape, name="input")
    maps = keras.layers.Resizing(SIZE, SIZE, name="resize")(inputs)
    if shape[2] == 1:
        maps = keras.layers.Concatenate(name="to_color")([maps, maps, maps])
    maps = keras.layers.Rescaling(scale, offset, name="rescale")(maps)
    network = _base(base, weights)
    if weights == "random":
        _draw_again(network, layer)
    pooled = keras.layers.GlobalAveragePooling2D(name="gap")(network(maps))
    outputs = layer.dense(classes, "dense", activation="softmax")(layer.dropout(0.2, "dropout")(pooled))
    return keras.Model(inputs, outputs, name="transfer")


def available_weights(base: str, wanted: str) -> str:
    """The weights that can be had for a base: 'random', with a warning, where ImageNet's cannot be downloaded."""
    check_base(base, wanted)
    if wanted != "imagenet":
        return wanted
    try:
        _base(base, wanted)
    except ValueError as error:
        warnings.warn(f"{error} The training starts from random ones.", stacklevel=2)
        return "random"
    return wanted


def check_base(base: str = "MobileNetV2", weights: str = "imagenet") -> None:
    """Refuse a base or a kind of weights that does not exist, before anything is downloaded."""
    if base not in RANGES:
        raise unknown_name("base network", base, RANGES, "Pass one of them as the base.")
    if weights not in WEIGHTS:
        raise unknown_name("kind of base weights", weights, WEIGHTS, "Pass one of the two.")


def _base(name: str, weights: str) -> Any:
    """The base network without its own head; ImageNet's weights are frozen."""
    import keras

    constructor = getattr(keras.applications, name)
    try:
        network = constructor(
            include_top=False, weights=None if weights == "random" else weights, input_shape=(SIZE, SIZE, 3), name=name
        )
    except Exception as error:  # Keras raises a bare Exception where a download fails
        raise ValueError(
            f"Expected to download ImageNet's weights for {name}. Received: {error}. "
            "Connect to the internet, or pass random base weights."
        ) from error
    network.trainable = weights == "random"
    return network


def _draw_again(network: Any, layer: SeededLayers) -> None:
    """Draw the kernels anew from the seed: the constructors of `keras.applications` take none."""
    import keras

    for part in network.layers:
        for variable in part.trainable_variables:
            if variable.ndim > 1:
                variable.assign(keras.initializers.GlorotUniform(seed=layer.next_seed())(variable.shape))


def _check_channels(shape: tuple[int, int, int]) -> None:
    """Refuse what the bases cannot take."""
    if shape[2] not in (1, 3):
        raise ValueError(
            f"Expected images of 1 or 3 channels for transfer learning. Received {shape[2]} channels "
            f"(input shape {shape}). Convert the images to gray or RGB, or train another architecture."
        )
