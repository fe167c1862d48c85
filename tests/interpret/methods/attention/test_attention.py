"""Attention as a layer, rollouts and Grad-CAM on tokens: a hand-set transformer against NumPy, by hand, and refusals."""

from __future__ import annotations

from functools import partial

import keras
import numpy as np
import pytest
from hand_set_models import random_cnn

from featurelens.interpret import (
    METHODS,
    ActivationExtractor,
    AttentionRollout,
    GradCAM,
    GradientRollout,
    LayerCAM,
    MultiLayerCAM,
    Saliency,
    TokenGradCAM,
    inspect_model,
)

pytestmark = pytest.mark.numeric

WIDTH, HEADS, SIZE, GRID, CLASSES = 4, 2, 2, (2, 3), 3  # channels, heads, channels of a head, places, classes
IMAGES = np.random.default_rng(0).random((3, 4, 6, 1), dtype=np.float32)


def transformer(blocks=2, extra=(1, 0), head=None, seed=1):
    """Patches of 2 x 2 of a 4 x 6 image, tokens of no place around them, blocks of attention, the first token or the mean."""
    layers, draw = keras.layers, np.random.default_rng(seed)
    image = keras.Input((4, 6, 1))
    tokens = layers.Reshape((6, WIDTH))(layers.Conv2D(WIDTH, 2, 2, name="patches")(image))
    count = 6 + sum(extra)
    if sum(extra):
        tokens = layers.ZeroPadding1D(extra, name="class_token")(tokens)
    tokens = layers.EinsumDense("btc,cd->btd", (count, WIDTH), bias_axes="td", name="positions")(tokens)
    for block in range(1, blocks + 1):
        read = layers.MultiHeadAttention(HEADS, SIZE, use_bias=False, name=f"block{block}")(tokens, tokens)
        tokens = layers.Add(name=f"add{block}")([tokens, read])
    if extra[0]:
        read = layers.Flatten()(layers.Cropping1D((0, count - 1), name="read")(tokens))
    else:
        read = layers.GlobalAveragePooling1D(name="read")(tokens)
    model = keras.Model(image, layers.Dense(CLASSES, use_bias=False, activation=head, name="dense")(read))
    model.set_weights([draw.normal(0, 1, weights.shape) for weights in model.get_weights()])
    return model


def softmax(values):
    powers = np.exp(values - values.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


class Plain:
    """The transformer of one image in NumPy; attentions, and the tokens of a layer, may be replaced."""

    def __init__(self, model, image):
        self.weights = {layer.name: [w.astype(float) for w in layer.get_weights()] for layer in model.layers}
        self.blocks = sum(name.startswith("block") for name in self.weights)
        kernel, bias = self.weights["patches"]
        cut = image.astype(float).reshape(2, 2, 3, 2).transpose(0, 2, 1, 3).reshape(6, 4)
        patches = cut @ kernel.reshape(4, WIDTH) + bias
        kernel, bias = self.weights["positions"]
        tokens = np.zeros((len(bias), WIDTH))
        self.first = model.get_layer("class_token").padding[0] if "class_token" in self.weights else 0
        tokens[self.first : self.first + 6] = patches
        self.start = tokens @ kernel + bias
        self.attentions = [None] * self.blocks
        self.after = [self.start, *[None] * self.blocks]
        self.logits = self.run({}, keep=True)

    def run(self, attentions, tokens=None, after=0, keep=False):
        x = self.start if tokens is None else tokens
        for block in range(after, self.blocks):
            query, key, value, out = self.weights[f"block{block + 1}"]
            q, k, v = (np.einsum("tc,chd->htd", x, each) for each in (query, key, value))
            own = attentions.get(block)
            a = softmax(q @ k.transpose(0, 2, 1) / np.sqrt(SIZE)) if own is None else own
            x = x + np.einsum("hts,hsd,hdc->tc", a, v, out)
            if keep:
                self.attentions[block], self.after[block + 1] = a, x
        return (x[0] if self.first else x.mean(axis=0)) @ self.weights["dense"][0]

    def slope(self, value, run, label, step=1e-5):
        """The gradient of a logit, by central differences."""
        found = np.zeros_like(value)
        for at in np.ndindex(value.shape):
            move = np.zeros_like(value)
            move[at] = step
            found[at] = (run(value + move)[label] - run(value - move)[label]) / (2 * step)
        return found

    def read(self, rolled):
        row = rolled[0] if self.first else rolled.mean(axis=0)
        return row[self.first : self.first + 6].reshape(GRID)


KINDS = {"class token": (1, 0), "a class token and registers": (1, 2), "the mean of all": (0, 0)}


@pytest.fixture(scope="module", params=KINDS)
def parts(request):
    model = transformer(extra=KINDS[request.param])
    plain = [Plain(model, image[..., 0]) for image in IMAGES]
    np.testing.assert_allclose(np.asarray(model(IMAGES)), [each.logits for each in plain], rtol=1e-4, atol=1e-4)
    return model, plain


def test_the_attention_of_every_block_is_a_layer(parts):
    model, plain = parts
    found = ActivationExtractor(model, ["block1/attention", "block2/attention", "block2"])(IMAGES)
    for block in (0, 1):
        expected = [each.attentions[block] for each in plain]
        np.testing.assert_allclose(found[f"block{block + 1}/attention"], expected, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(found["block1/attention"].sum(axis=-1), 1, rtol=1e-5)
    assert found["block2"].shape == (3, plain[0].start.shape[0], WIDTH)


def test_attention_rollout_in_numpy(parts):
    model, plain = parts
    expected = []
    for each in plain:
        rolled = np.eye(len(each.start))
        for a in each.attentions:
            mixed = np.zeros_like(rolled)
            for t, s in np.ndindex(*rolled.shape):
                mixed[t, s] = 0.5 * sum(a[h, t, s] for h in range(HEADS)) / HEADS + 0.5 * (t == s)
            rolled = mixed @ rolled
        expected.append(each.read(rolled))
    for label in (0, 2):
        np.testing.assert_allclose(AttentionRollout(model)(IMAGES, label), expected, rtol=1e-3, atol=1e-5)


def test_the_gradient_weighted_rollout_in_numpy(parts):
    model, plain = parts
    classes, expected = [2, 0, 1], []
    for each, label in zip(plain, classes, strict=True):
        rolled = identity = np.eye(len(each.start))
        for block, a in enumerate(each.attentions):
            slope = each.slope(a, lambda other, block=block, each=each: each.run({block: other}), label)
            rolled = rolled + np.maximum(slope * a, 0).mean(axis=0) @ rolled
        expected.append(each.read(rolled - identity))
    assert np.max(expected) > 0.05
    largest = np.max(expected)
    np.testing.assert_allclose(GradientRollout(model)(IMAGES, classes), expected, rtol=1e-3, atol=1e-4 * largest)


def test_grad_cam_on_tokens_in_numpy(parts):
    # the tokens behind the first block, on their grid of 2 x 3 places: those of no place are left out, of the mean too
    model, plain = parts
    expected, finer = [], []
    for each in plain:
        slope = each.slope(each.after[1], lambda tokens, each=each: each.run({}, tokens, after=1), 1)
        a, g = (values[each.first : each.first + 6] for values in (each.after[1], slope))
        expected.append(np.maximum(a @ g.mean(axis=0), 0).reshape(GRID))
        finer.append(np.maximum((a * np.maximum(g, 0)).sum(axis=1), 0).reshape(GRID))
    assert np.max(expected) > 0.01
    cam = TokenGradCAM(model)
    settings = {"rtol": 2e-3, "atol": 1e-4 * float(np.max(finer))}
    np.testing.assert_allclose(cam(IMAGES, 1), expected, **settings)
    assert cam.remark == "tokens of add1"
    np.testing.assert_allclose(GradCAM(model, "add1")(IMAGES, 1), expected, **settings)
    np.testing.assert_allclose(LayerCAM(model, "add1")(IMAGES, 1), finer, **settings)
    several = MultiLayerCAM(model, ["patches", "positions", "add1"])(IMAGES, 1)
    assert [each.shape for each in several.values()] == [(3, 2, 3)] * 3
    np.testing.assert_allclose(several["add1"], expected, **settings)


def test_rollout_by_hand():
    # queries of 0: each of the 7 tokens attends to all alike. Of the first token's row 1/2 stays at itself, 1/14 goes to
    # each: in one block the places have 1/14 each; in two 1/2 * 1/14 + 1/2 * (1/7 of what comes to any token, 1) = 3/28
    for blocks, expected in ((1, 1 / 14), (2, 3 / 28)):
        model = transformer(blocks)
        for block in range(1, blocks + 1):
            attention = model.get_layer(f"block{block}")
            attention.set_weights([0 * each if at == 0 else each for at, each in enumerate(attention.get_weights())])
        np.testing.assert_allclose(AttentionRollout(model)(IMAGES), expected, rtol=1e-5)


def test_a_place_that_the_class_token_attends_to_is_marked():
    # an image of one bright patch, whose token alone has a large key for the class token's query
    model = transformer(1)
    for layer in ("patches", "positions", "block1"):
        model.get_layer(layer).set_weights([0 * each for each in model.get_layer(layer).get_weights()])
    patches, positions, block = (model.get_layer(name) for name in ("patches", "positions", "block1"))
    kernel, bias = patches.get_weights()
    kernel[..., 0] = 1  # channel 0 is how bright the patch is
    patches.set_weights([kernel, bias])
    projection, own = positions.get_weights()
    projection[0, 0] = 1
    own[0, 1] = 1  # channel 1 is 1 at the class token alone
    positions.set_weights([projection, own])
    query, key, value, out = block.get_weights()
    query[1, :, 0] = key[0, :, 0] = 3
    value[0, :, 0] = 1
    out[:, 0, 2] = 1
    block.set_weights([query, key, value, out])
    dense = model.get_layer("dense")
    kernel = np.zeros((WIDTH, CLASSES))
    kernel[2, 0], kernel[2, 1] = 1, -1
    dense.set_weights([kernel])
    image = np.zeros((1, 4, 6, 1), np.float32)
    image[0, 2:, 2:4] = 1  # the place in the second row and second column
    shares, speaks = AttentionRollout(model)(image)[0], GradientRollout(model)
    assert shares.argmax() == speaks(image, 0)[0].argmax() == 4 and shares[1, 1] > 0.45
    np.testing.assert_array_equal(speaks(image, 1), 0)  # against class 1: nothing speaks for it
    assert np.count_nonzero(speaks(image, 0)) == 1
    assert TokenGradCAM(model, "positions")(image, 0)[0].argmax() == 4


@pytest.mark.parametrize("name", ["Attention Rollout", "Gradient-weighted Rollout", "Token Grad-CAM"])
def test_a_batch_is_its_images_one_by_one_with_a_softmax_too(name):
    (known,) = [each for each in METHODS if each.name == name]
    explain = known.make(transformer(head="softmax"), None, 4)
    maps = explain(IMAGES, 1, versus=0)
    singles = np.concatenate([explain(image[np.newaxis], 1, versus=0) for image in IMAGES])
    np.testing.assert_allclose(maps, singles, rtol=1e-4, atol=1e-6)
    assert maps.shape == (3, 2, 3) and maps.dtype == np.float32


def test_a_model_in_a_model_and_one_that_asks_for_its_attention_itself():
    class Asking(keras.Model):
        def __init__(self, inner):
            super().__init__()
            self.inner = inner
            self.heads = keras.layers.MultiHeadAttention(1, 2, name="heads")
            self.scored = keras.layers.Dense(2)

        def call(self, x):
            read, self_attention = self.heads(x, x, return_attention_scores=True)
            return self.scored(keras.ops.mean(read, axis=1) + keras.ops.mean(self_attention))

    asking = Asking(None)
    tokens = np.random.default_rng(2).random((2, 5, 3), dtype=np.float32)
    asking(tokens)
    _, expected = asking.heads(tokens, tokens, return_attention_scores=True)
    found = ActivationExtractor(asking, "heads/attention")(tokens)["heads/attention"]
    np.testing.assert_allclose(found, np.asarray(expected), rtol=1e-4, atol=1e-6)
    outer = keras.Sequential([keras.Input((4, 6, 1)), transformer()])
    inner = outer.layers[0].name
    expected = AttentionRollout(outer.layers[0])(IMAGES)
    np.testing.assert_allclose(AttentionRollout(outer)(IMAGES), expected, rtol=1e-5)
    attention = ActivationExtractor(outer, f"{inner}/block1/attention")(IMAGES)
    assert next(iter(attention.values())).shape == (3, HEADS, 7, 7)


def test_what_lies_inside_of_an_attention_layer_is_no_picture():
    # queries [B,T,heads,C] have the rank of a picture; the default layer, and what a refusal offers, are the patches
    model = transformer()
    assert {layer.name for layer in inspect_model(model).layers} >= {"block1/query", "block1", "patches"}
    with pytest.raises(ValueError, match=r"Choose one of those that have a map: patches\.$"):
        GradCAM(model, "block1/query")
    with pytest.raises(ValueError, match=r"Choose one of those that have a map: patches\.$"):
        GradCAM(model, "block1/attention")
    with pytest.raises(ValueError, match="Did you mean 'block2/attention'"):
        ActivationExtractor(model, "block2/atention")


def test_refuses_the_tokens_behind_the_last_attention_where_a_class_token_is_read():
    with pytest.raises(ValueError, match="Use 'add1', for example"):
        GradCAM(transformer(), "add2")
    assert GradCAM(transformer(extra=(0, 0)), "add2")(IMAGES, 0).shape == (3, 2, 3), "the mean reads all of them"


@pytest.mark.parametrize("method", [AttentionRollout, GradientRollout, TokenGradCAM])
def test_refuses_models_without_attention(method):
    with pytest.raises(ValueError, match="Use GradCAM, or Saliency"):
        method(random_cnn(0))


def test_refuses_attention_that_cannot_be_rolled_out_or_laid_on_a_grid():
    layers = keras.layers
    image = keras.Input((4, 6, 1))
    tokens = layers.Reshape((6, WIDTH))(layers.Conv2D(WIDTH, 2, 2)(image))
    fewer = layers.AveragePooling1D(2)(tokens)
    attends = partial(layers.MultiHeadAttention, HEADS, SIZE)
    side = [attends()(tokens, tokens), attends()(tokens, tokens)]
    for last in (attends()(tokens, fewer), layers.Add()(side)):
        model = keras.Model(image, layers.Dense(2)(layers.GlobalAveragePooling1D()(last)))
        with pytest.raises(ValueError, match="one after another"):
            AttentionRollout(model)
    sequence = keras.Input((6, 2))
    answer = layers.Dense(2)(layers.GlobalAveragePooling1D()(attends()(sequence, sequence)))
    with pytest.raises(ValueError, match=r"Received one without|no layer before it tells their grid"):
        TokenGradCAM(keras.Model(sequence, answer))
    assert Saliency(keras.Model(sequence, answer))(np.ones((1, 6, 2), np.float32), 0).shape == (1, 6)
