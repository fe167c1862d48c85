"""Within `programs_shared()` a model is traced once for all who ask for its scores; a model that is changed is traced anew."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
from hand_set_models import random_cnn, random_images

from featurelens.interpret import declare_task, inspect_model
from featurelens.interpret.tracing.sharing import programs_shared
from featurelens.interpret.tracing.traced_model import TracedModel
from featurelens.interpret.tracing.variants import VariantScores, scores_of


def test_the_same_question_to_a_model_is_one_program_within_the_block_alone() -> None:
    model, other = random_cnn(0), random_cnn(1)
    with programs_shared():
        first = scores_of(TracedModel(model))
        assert scores_of(TracedModel(model)) is first
        assert scores_of(TracedModel(other)) is not first
        with programs_shared():  # a part of a report, that shares by itself too
            assert scores_of(TracedModel(model)) is first
    assert scores_of(TracedModel(model)) is not first


def test_an_inspected_model_is_not_traced_again_for_its_scores() -> None:
    model, images = random_cnn(0), random_images(0, 4)
    alone = scores_of(TracedModel(model)).run(images)
    with programs_shared():
        inspect_model(model, images)
        program = scores_of(TracedModel(model))
        assert (program.tracings, "layers" in program.facts) == (1, True)
        np.testing.assert_array_equal(program.run(images)["scores"], alone["scores"])


def test_a_model_that_is_inspected_twice_is_traced_once() -> None:
    model, other, images = random_cnn(0), random_cnn(1), random_images(0, 6)
    with programs_shared():
        first = inspect_model(model, images[:4])
        program = scores_of(TracedModel(model))
        again = inspect_model(model, images)
        assert scores_of(TracedModel(model)) is program and program.tracings == 1
        assert again.layers == first.layers and again.logit_error == first.logit_error
        inspect_model(other, images)
        assert scores_of(TracedModel(other)) is not program


def test_a_shared_program_sees_that_the_model_has_changed() -> None:
    model, images = random_cnn(0), random_images(0, 4)
    with programs_shared():
        before = VariantScores(model, "logit", output=None, wrt=None).ask(images).scores
        model.set_weights([2 * weight for weight in model.get_weights()])
        after = VariantScores(model, "logit", output=None, wrt=None).ask(images).scores
    np.testing.assert_allclose(after, VariantScores(model, "logit", output=None, wrt=None).ask(images).scores)
    assert np.abs(after - before).max() > 1e-3


def test_a_model_without_batch_normalisation_is_not_folded() -> None:
    assert TracedModel(random_cnn(0), fold=("conv2",)).fold is None


def test_what_is_said_of_the_task_meanwhile_counts():
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Flatten(), keras.layers.Dense(1)])
    images = np.zeros((2, 4, 4, 1), np.float32)
    with programs_shared():
        before = scores_of(TracedModel(model))
        before.run(images)
        declare_task(model, "binary")
        after = scores_of(TracedModel(model))
        assert after.run(images)["logits"].shape == (2, 2)
    assert before.head.task == "binary or regression" and after.head.task == "binary"


def test_the_models_own_answer_is_made_once_until_it_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[TracedModel] = []
    original = TracedModel._own_function

    def counted(self: TracedModel, *given: Any, **named: Any) -> Any:
        made.append(self)
        return original(self, *given, **named)

    monkeypatch.setattr(TracedModel, "_own_function", counted)
    model, images = random_cnn(0), random_images(0, 4)

    def answer() -> np.ndarray:
        traced = TracedModel(model)
        return traced.answer(traced.form_of(images), [images])

    with programs_shared():
        first = answer()
        np.testing.assert_array_equal(answer(), first)
        assert len(made) == 1
        model.layers[-1].activation = keras.activations.linear
        assert np.abs(answer() - first).max() > 1e-3
    np.testing.assert_array_equal(answer(), answer())
    assert len(made) == 4
