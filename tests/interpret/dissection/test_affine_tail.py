"""Channels taken away in closed form: as by running the model, and only where the way to the logits is affine."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from hand_set_models import random_images
from small_models import chained, conv, dense, seeded

from featurelens.interpret.dissection.ablation import ablate_channels
from featurelens.interpret.dissection.ablation_effects import AblationTally
from featurelens.interpret.dissection.affine_tail import closed_form
from featurelens.interpret.tracing.batched_graph import Program
from featurelens.interpret.tracing.downstream import TailProgram
from featurelens.interpret.tracing.traced_model import TracedModel

layers = keras.layers
SHAPE = (6, 6, 2)


def attention(maps):
    """The pooled maps, weighted by what another way makes of the image."""
    weights = layers.Dense(4, activation="sigmoid", name="weights", **seeded(7))(layers.GlobalAveragePooling2D()(maps))
    kept = conv("last", 4, 8)(maps)
    return layers.Multiply()([layers.GlobalAveragePooling2D()(kept), weights])


def ending(*tail):
    return lambda maps: chained(conv("last", 4, 8)(maps), list(tail))


def skipped(maps):
    return layers.GlobalAveragePooling2D()(layers.Add()([conv("last", 4, 8)(maps), maps]))


AFFINE = {
    "global average pooling": ending(layers.GlobalAveragePooling2D()),
    "flatten": ending(layers.Flatten(), layers.Dropout(0.5)),
    "average pooling, a linear convolution": ending(
        layers.AveragePooling2D(2), layers.ZeroPadding2D(), layers.Conv2D(3, 3, **seeded(9)), layers.Flatten()
    ),
    "batch normalisation": ending(layers.BatchNormalization(), layers.GlobalAveragePooling2D()),
    "an attention by another way": attention,
    "a way round the layer": skipped,
}
OTHER = {
    "max pooling": ending(layers.GlobalMaxPooling2D()),
    "a ReLU": ending(layers.GlobalAveragePooling2D(), layers.Dense(5, activation="relu", name="inner", **seeded(9))),
    "its own square": lambda maps: layers.GlobalAveragePooling2D()(
        (lambda kept: layers.Multiply()([kept, kept]))(conv("last", 4, 8)(maps))
    ),
    "layer normalisation": ending(layers.LayerNormalization(), layers.GlobalAveragePooling2D()),
}


def model(tail, head="softmax", units=3):
    image = keras.Input(SHAPE)
    return keras.Model(image, dense(units, head)(tail(conv("first", 4, 1)(image))))


def has_closed_form(made):
    found = Program(TracedModel(made), lambda taps, _: closed_form(taps.find("last").tensor, taps.logits))
    return "slope" in found.run(random_images(0, 2))


@pytest.mark.parametrize("to", ["zero", "mean"])
@pytest.mark.parametrize("head", ["softmax", None, "one sigmoid unit"])
@pytest.mark.parametrize("kind", AFFINE)
def test_the_closed_form_is_what_running_the_model_gives(kind, head, to, monkeypatch):
    made = model(AFFINE[kind], *(("sigmoid", 1) if head == "one sigmoid unit" else (head, 3)))
    assert has_closed_form(made)
    images, labels = random_images(0, 12), np.arange(12) % 2
    seen: list[np.ndarray] = []
    add = AblationTally.add
    monkeypatch.setattr(AblationTally, "add", lambda *given: seen.append(given[4]) or add(*given))
    with monkeypatch.context() as without:
        without.setattr(TailProgram, "stream", lambda *_, **__: pytest.fail("the model was run"))
        found = ablate_channels(made, images, labels, "last", to=to).control
    with monkeypatch.context() as run:
        run.setattr("featurelens.interpret.dissection.channel_fill.closed_form", lambda *_: {})
        expected = ablate_channels(made, images, labels, "last", to=to).control
    closed, tail = seen
    assert np.ptp(tail, axis=1).max() > 1e-2, "the case is not trivial"
    np.testing.assert_allclose(closed, tail, atol=1e-5)
    np.testing.assert_allclose(found.logit_change, expected.logit_change, atol=1e-5)
    np.testing.assert_array_equal(found.broken, expected.broken)


@pytest.mark.parametrize("kind", OTHER)
def test_what_is_not_affine_has_none(kind):
    assert not has_closed_form(model(OTHER[kind]))


def test_a_layer_off_the_way_has_none():
    image = keras.Input(SHAPE)
    both = keras.Model(image, [conv("last", 4, 8)(image), dense()(layers.Flatten()(image))])
    found = Program(
        TracedModel(both, output="dense"), lambda taps, _: closed_form(taps.find("last").tensor, taps.logits)
    )
    assert "slope" not in found.run(random_images(0, 2))
