"""A small vision transformer for 28x28 images, shaped to train on two processor cores.

Dosovitskiy et al., "An Image is Worth 16x16 Words: Transformers for Image Recognition at Scale", 2020, arXiv:2010.11929. Patches
become tokens, a class token goes before them, each has a learned position, and blocks of attention follow,

    x <- x + attention(norm(x)),   x <- x + dense(gelu(dense(norm(x)))),

of whose result the class token alone is classified. Departures: the patches are cut from the maps of a small convolution (Xiao
et al., "Early Convolutions Help Transformers See Better", 2021, arXiv:2106.14881), since 60,000 images are few; the class token
starts as zeros, to which its learned position is added, so that every layer is one of Keras's own. Biases are left out of the
attention.

The attention layers are called `block1` to `block4`, so that `block3/attention` is the attention of block 3.
"""

from typing import Any

import numpy as np

from .seeded_layers import SeededLayers

WIDTH, HEADS, BLOCKS, REDUCTION = 64, 4, 4, 4  # channels of a token, heads, blocks, pixels of a patch along a side


def vit(shape: tuple[int, int, int], classes: int, layer: SeededLayers) -> Any:
    """The vision transformer: convolutions, patches of 4 x 4 pixels, class token, four blocks, softmax.

    Args:
        shape: height, width, channels of the input; pixels in [0, 1].
        classes: number of classes.
        layer: makes the layers, all from one seed.

    Returns:
        an uncompiled functional `keras.Model`.
    """
    import keras

    layers: Any = keras.layers  # whose declared types are narrower than what they take
    inputs = keras.Input(shape, name="input")
    maps = layer.conv(32, "stem", strides=2)(inputs)
    maps = layer.conv(WIDTH, "patches", strides=2, activation=None)(maps)
    rows, columns = (-(-side // REDUCTION) for side in shape[:2])
    tokens = keras.layers.Reshape((rows * columns, WIDTH), name="tokens")(maps)
    tokens = layers.ZeroPadding1D((1, 0), name="class_token")(tokens)
    tokens = _positions(rows * columns + 1, layer)(tokens)
    attentions = []
    for block in range(1, BLOCKS + 1):
        tokens = _block(tokens, f"block{block}", layer, attentions)
    tokens = keras.layers.LayerNormalization(name="norm")(tokens)
    read = keras.layers.Cropping1D((0, rows * columns), name="read_class_token")(tokens)
    outputs = layer.dense(classes, "dense", activation="softmax")(keras.layers.Flatten(name="flatten")(read))
    model = keras.Model(inputs, outputs, name="vit")
    for attention in attentions:
        _draw(attention, layer.next_seed())
    return model


def _block(tokens: Any, name: str, layer: SeededLayers, attentions: list[Any]) -> Any:
    """One block of attention and dense layers, each added to what came in."""
    import keras

    normal = keras.layers.LayerNormalization
    attention = keras.layers.MultiHeadAttention(HEADS, WIDTH // HEADS, use_bias=False, name=name)
    attentions.append(attention)
    read = normal(name=f"{name}_norm1")(tokens)
    tokens = keras.layers.Add(name=f"{name}_add1")([tokens, attention(read, read)])
    inner = layer.dense(2 * WIDTH, f"{name}_dense1", activation="gelu")(normal(name=f"{name}_norm2")(tokens))
    inner = layer.dense(WIDTH, f"{name}_dense2", activation=None)(layer.dropout(0.1, f"{name}_dropout")(inner))
    return keras.layers.Add(name=f"{name}_add2")([tokens, inner])


def _positions(count: int, layer: SeededLayers) -> Any:
    """A projection of each token, plus a learned vector for each position: the class token's is all that it starts with."""
    import keras

    layers: Any = keras.layers
    return layers.EinsumDense(
        "btc,cd->btd",
        output_shape=(count, WIDTH),
        bias_axes="td",
        kernel_initializer=keras.initializers.GlorotUniform(seed=layer.next_seed()),
        bias_initializer=keras.initializers.RandomNormal(stddev=0.02, seed=layer.next_seed()),
        name="positions",
    )


def _draw(attention: Any, seed: int) -> None:
    """Weights of their own for queries, keys and values: Keras would start all three from one seed with the same."""
    draw = np.random.default_rng(seed)
    limit = np.sqrt(6 / (2 * WIDTH))  # Glorot's uniform distribution between WIDTH and WIDTH channels
    attention.set_weights([draw.uniform(-limit, limit, each.shape) for each in attention.get_weights()])
