"""A small residual network for 28x28 images, shaped to train on two processor cores.

He, Zhang, Ren, Sun, 'Deep Residual Learning for Image Recognition', 2015, arXiv:1512.03385. A block computes
``relu(x + conv(relu(conv(x))))``, each convolution followed by batch normalisation. Departures: the stem's
maps are pooled before they are normalised, so that only one convolution works at full size, and max pooling
(not a stride) halves the maps between the stages, before a 1x1 convolution widens them.
"""

from typing import Any

from .seeded_layers import SeededLayers

STAGES = ((48, 1), (96, 2))  # channels of the stage, number of its blocks; each stage works at half the size


def residual(shape: tuple[int, int, int], classes: int, layer: SeededLayers) -> Any:
    """The residual network: stem, two stages of residual blocks, average of each channel, softmax.

    Args:
        shape: height, width, channels of the input; pixels in [0, 1].
        classes: number of classes.
        layer: makes the layers, all from one seed.

    Returns:
        an uncompiled functional `keras.Model`.
    """
    import keras

    inputs = keras.Input(shape, name="input")
    maps = layer.conv(STAGES[0][0], "stem", activation=None, bias=False)(inputs)
    maps = keras.layers.MaxPooling2D(2, name="pool1")(maps)
    maps = keras.layers.ReLU(name="stem_relu")(keras.layers.BatchNormalization(name="stem_norm")(maps))
    for stage, (channels, blocks) in enumerate(STAGES, start=1):
        if stage > 1:
            maps = keras.layers.MaxPooling2D(2, name=f"pool{stage}")(maps)
            widen = layer.conv(channels, f"widen{stage}", size=1, activation=None, bias=False)
            maps = _normalised(maps, widen, f"widen{stage}_norm")
        for block in range(1, blocks + 1):
            maps = _block(maps, channels, layer, f"block{stage}{block}")
    pooled = keras.layers.GlobalAveragePooling2D(name="gap")(maps)
    outputs = layer.dense(classes, "dense", activation="softmax")(pooled)
    return keras.Model(inputs, outputs, name="residual")


def _block(maps: Any, channels: int, layer: SeededLayers, name: str) -> Any:
    """One residual block: two normalised 3x3 convolutions whose result is added to what came in."""
    import keras

    first = layer.conv(channels, f"{name}_conv1", activation=None, bias=False)
    second = layer.conv(channels, f"{name}_conv2", activation=None, bias=False)
    inner = keras.layers.ReLU(name=f"{name}_relu1")(_normalised(maps, first, f"{name}_norm1"))
    added = keras.layers.Add(name=f"{name}_add")([maps, _normalised(inner, second, f"{name}_norm2")])
    return keras.layers.ReLU(name=f"{name}_relu2")(added)


def _normalised(maps: Any, convolution: Any, name: str) -> Any:
    """The convolution's maps after batch normalisation."""
    import keras

    return keras.layers.BatchNormalization(name=name)(convolution(maps))
