"""The five convolutional networks without shortcuts: convolutions, pooling, dense layers, softmax.

Each function takes the input's shape, the number of classes and the seeded layers, and returns an
uncompiled `keras.Sequential` with readable layer names. All expect pixels in [0, 1].
"""

from typing import Any

from .seeded_layers import SeededLayers

Shape = tuple[int, int, int]  # height, width, channels


def zero_padded_dropout(shape: Shape, classes: int, layer: SeededLayers) -> Any:
    """Two convolutions over zero-padded maps, dropout 0.5 after each and after the dense layer."""
    import keras

    pad, pool = keras.layers.ZeroPadding2D, keras.layers.MaxPooling2D
    return keras.Sequential(
        [
            keras.Input(shape, name="input"),
            pad(1, name="pad1"),  # 30x30
            layer.conv(32, "conv1", padding="valid"),
            layer.dropout(0.5, "dropout1"),
            pool(2, name="pool1"),  # 14x14x32
            pad(1, name="pad2"),  # 16x16
            layer.conv(64, "conv2", padding="valid"),
            layer.dropout(0.5, "dropout2"),
            pool(2, name="pool2"),  # 7x7x64
            keras.layers.Flatten(name="flatten"),
            layer.dense(128, "dense1"),
            layer.dropout(0.5, "dropout3"),
            layer.dense(classes, "dense2", activation="softmax"),
        ],
        name="zero_padded_dropout",
    )


def three_conv(shape: Shape, classes: int, layer: SeededLayers) -> Any:
    """Three convolutions of 32, 64 and 128 channels, each pooled by half, then two dense layers."""
    import keras

    pool = keras.layers.MaxPooling2D
    return keras.Sequential(
        [
            keras.Input(shape, name="input"),
            layer.conv(32, "conv1"),
            pool(2, name="pool1"),  # 14x14x32
            layer.conv(64, "conv2"),
            pool(2, name="pool2"),  # 7x7x64
            layer.conv(128, "conv3"),
            pool(2, name="pool3"),  # 3x3x128
            keras.layers.Flatten(name="flatten"),
            layer.dense(128, "dense1"),
            layer.dense(classes, "dense2", activation="softmax"),
        ],
        name="three_conv",
    )


def three_conv_dropout(shape: Shape, classes: int, layer: SeededLayers) -> Any:
    """Three convolutions with max pooling, dropout after each of them and after the first dense layer."""
    import keras

    pool = keras.layers.MaxPooling2D
    return keras.Sequential(
        [
            keras.Input(shape, name="input"),
            layer.conv(32, "conv1"),
            pool(2, name="pool1"),  # 14x14x32; dropping after the pooling costs a quarter of the numbers
            layer.dropout(0.2, "dropout1"),
            layer.conv(64, "conv2"),
            pool(2, name="pool2"),  # 7x7x64
            layer.dropout(0.2, "dropout2"),
            layer.conv(128, "conv3"),
            pool(2, name="pool3"),  # 3x3x128
            layer.dropout(0.3, "dropout3"),
            keras.layers.Flatten(name="flatten"),
            layer.dense(128, "dense1"),
            layer.dropout(0.4, "dropout4"),
            layer.dense(classes, "dense2", activation="softmax"),
        ],
        name="three_conv_dropout",
    )


def early_stopping(shape: Shape, classes: int, layer: SeededLayers) -> Any:
    """Two convolutions with ReLU and max pooling, then two dense layers; what stops it is its recipe."""
    import keras

    pool = keras.layers.MaxPooling2D
    return keras.Sequential(
        [
            keras.Input(shape, name="input"),
            layer.conv(32, "conv1"),
            pool(2, name="pool1"),  # 14x14x32
            layer.conv(64, "conv2"),
            pool(2, name="pool2"),  # 7x7x64
            keras.layers.Flatten(name="flatten"),
            layer.dense(128, "dense1"),
            layer.dense(classes, "dense2", activation="softmax"),
        ],
        name="early_stopping",
    )


def batchnorm_gap(shape: Shape, classes: int, layer: SeededLayers) -> Any:
    """Convolutions of 64, 128 and 256 channels with batch normalisation, then the average of each channel."""
    import keras

    blocks: list[Any] = [keras.Input(shape, name="input")]
    for number, filters in enumerate((64, 128, 256), start=1):
        blocks += [
            layer.conv(filters, f"conv{number}", activation=None, bias=False),  # the normalisation has the bias
            keras.layers.BatchNormalization(name=f"norm{number}"),
            keras.layers.ReLU(name=f"relu{number}"),
            keras.layers.MaxPooling2D(2, name=f"pool{number}"),
        ]
    head = [
        keras.layers.GlobalAveragePooling2D(name="gap"),
        layer.dense(128, "dense1"),
        layer.dropout(0.3, "dropout1"),
        layer.dense(classes, "dense2", activation="softmax"),
    ]
    return keras.Sequential(blocks + head, name="batchnorm_gap")
