"""A program proves the logits first, and gives the same whatever the batches are."""

from __future__ import annotations

import re
from typing import Any

import keras
import numpy as np
import pytest
from oracle import assert_equal
from small_models import SHAPE, dense, images, sequential

from featurelens.interpret import Explainer, Saliency, inspect_model
from featurelens.interpret.tracing.batched_graph import Program
from featurelens.interpret.tracing.targets import scores
from featurelens.interpret.tracing.traced_model import TracedModel

pytestmark = pytest.mark.numeric

layers = keras.layers


class AlwaysDropout(layers.Dropout):
    """Monte Carlo dropout: drops at prediction too, so that every call answers something else."""

    def call(self, inputs, training=False):
        return super().call(inputs, training=True)


def program(model: Any) -> Program:
    return Program(TracedModel(model), lambda taps, scores: {"image": taps.image, "score": scores})


def test_a_model_that_varies_between_calls_is_refused_with_both_numbers() -> None:
    model = keras.Sequential([keras.Input(SHAPE), layers.Flatten(), AlwaysDropout(0.5), dense()])
    for explain in (
        Saliency(model),
        Explainer(keras.Sequential([*sequential().layers[:-1], AlwaysDropout(0.5), dense()])),
    ):
        with pytest.raises(ValueError, match=r"to equal what model .* answers, to .*deterministic") as refused:
            explain(images())
        allowed, seen = re.findall(r"to (\d\.\de-\d+)\.|differ by (\d\.\d+)", str(refused.value))
        assert float(seen[1]) > 100 * float(allowed[0])
    with pytest.raises(ValueError, match="deterministic"):
        inspect_model(model)


def test_the_proof_is_of_the_model_that_was_given() -> None:
    """The logits are right to rounding, and the number that says so is kept."""
    proven = program(sequential())
    assert proven.logit_error is None
    proven.prepare(images())
    assert proven.logit_error is not None and 0 <= proven.logit_error < 1e-6


def test_batches_do_not_matter() -> None:
    classes, versus = np.array([0, 1, 2, 2, 0, 1, 0]), np.array([1, 2, 0, 1, 2, 0, 2])
    whole = program(sequential()).run(images(count=7), classes, versus)
    assert np.abs(whole["score"]).max() > 0.1
    for size in (1, 3, 7, 100):
        parts = program(sequential()).run(images(count=7), classes, versus, batch_size=size)
        for name, expected in whole.items():
            np.testing.assert_allclose(parts[name], expected, rtol=2e-5, atol=1e-6)


def test_stream_equals_run() -> None:
    made = program(sequential())
    classes, versus = np.array([0, 1, 2, 0, 1]), np.array([1, 2, 0, 2, 0])
    whole = made.run(images(count=5), classes, versus, batch_size=2)
    parts = [
        {name: values.copy() for name, values in part.items()}
        for part in made.stream(images(count=5), classes, versus, batch_size=2)
    ]
    assert [len(part["logits"]) for part in parts] == [2, 2, 1]
    for name, expected in whole.items():
        np.testing.assert_array_equal(np.concatenate([part[name] for part in parts]), expected)


def test_the_score_is_the_logit_less_the_other() -> None:
    classes, versus = np.array([0, 1, 2]), np.array([2, 0, 1])
    found = program(sequential()).run(images(), classes, versus)
    rows = np.arange(3)
    assert_equal(found["score"], found["logits"][rows, classes] - found["logits"][rows, versus])
    np.testing.assert_array_equal(found["classes"], classes)


def test_without_classes_it_is_the_predicted_one() -> None:
    found = program(sequential()).run(images())
    np.testing.assert_array_equal(found["classes"], found["logits"].argmax(axis=1))
    assert_equal(found["score"], found["logits"].max(axis=1))


def test_progress_is_told() -> None:
    told: list[tuple[int, int]] = []
    program(sequential()).run(images(count=5), batch_size=2, progress=lambda _, done, total: told.append((done, total)))
    assert told == [(2, 5), (4, 5), (5, 5)]


def test_progress_bar_is_on_stderr(capsys: pytest.CaptureFixture[str]) -> None:
    made = program(sequential())
    expected = made.run(images(), 1)
    capsys.readouterr()
    found = made.run(images(), 1, progress=True)
    out, err = capsys.readouterr()
    assert out == "" and "3/3" in err
    np.testing.assert_array_equal(found["score"], expected["score"])


def test_the_score_of_a_class_is_its_logit_to_the_last_bit_whatever_the_others_are():
    import tensorflow as tf

    logits = tf.constant([[0.1, -np.inf, 3e38], [np.nan, 7.5, -2.5], [-1e-38, 2.0, 1e30]], tf.float32)
    classes, versus = tf.constant([0, 2, 2]), tf.constant([-1, 1, 0])
    with tf.GradientTape() as tape:
        tape.watch(logits)
        found = scores(logits, classes, versus)
    np.testing.assert_array_equal(found, np.float32([0.1, -10.0, 1e30]))  # a logit, and two leads over another class
    np.testing.assert_array_equal(tape.gradient(found, logits), [[1, 0, 0], [0, -1, 1], [-1, 0, 1]])
