"""What makes a model unsound: each sentence where it must stand, and nowhere else."""

from types import SimpleNamespace

import keras
import numpy as np
import pytest
from hand_set_models import random_cnn

from featurelens.interpret.layers.linear_probe import ProbeResult
from featurelens.interpret.layers.normalization import ModeGap, NormalizationDrift
from featurelens.models import Dataset, load_model
from featurelens.models.formats.fashion_mnist import fashion_mnist
from featurelens.reports.evidence.plan import ReportPlan
from featurelens.reports.evidence.screening.soundness import (
    SoundnessEvidence,
    collapse_of,
    gather_soundness,
    is_far_off,
)
from featurelens.reports.evidence.seen import Seen
from featurelens.reports.evidence.twin import json_text
from featurelens.reports.sections.screening.soundness import SoundnessSection

ABOUT = SimpleNamespace(class_names=("a", "b", "c"), information=SimpleNamespace(layers=()))


def told(found):
    return " ".join(finding.sentence for finding in SoundnessSection().findings(found, ABOUT))


def survey(*accuracies, tested=3000):
    return [
        SimpleNamespace(name=f"layer{place}", probe=ProbeResult(accuracy, tested, tested, 8))
        for place, accuracy in enumerate(accuracies)
    ]


def test_a_signal_that_collapses_is_placed_between_two_layers():
    lost = collapse_of(survey(0.75, 0.88, 0.9, 0.24, 0.22))
    assert (lost.before, lost.layer, lost.accuracy_before, lost.accuracy) == ("layer2", "layer3", 0.9, 0.24)
    said = told(SoundnessEvidence(None, 9, float("nan"), lost, (), None))
    assert "collapses at layer3" in said and "90\N{NO-BREAK SPACE}%" in said.replace(" %", "\N{NO-BREAK SPACE}%")


@pytest.mark.parametrize(
    "accuracies",
    [
        (0.75, 0.85, 0.88, 0.9, 0.89),  # as it should be
        (0.75, 0.9, 0.3, 0.88),  # a layer that the probe reads badly, and that loses nothing
        (0.9, 0.85, 0.8, 0.75, 0.7),  # slowly
        (0.5,),
        (float("nan"), float("nan")),
    ],
)
def test_no_collapse_elsewhere(accuracies):
    assert collapse_of(survey(*accuracies)) is None


def test_few_images_prove_no_collapse():
    assert collapse_of(survey(0.7, 0.9, 0.5, tested=8)) is None


def constant(answer=1):
    model = random_cnn(0)
    model.layers[-1].set_weights([np.zeros((45, 3)), np.eye(3)[answer]])
    return model


def images(count=60):
    return Dataset(
        np.random.default_rng(0).random((count, 6, 6, 2), np.float32), np.arange(count) % 3, ("a", "b", "c"), "made"
    )


def test_a_model_that_always_answers_the_same():
    found = gather_soundness(Seen(constant(), images(), ReportPlan(trust_images=0)))
    assert found.always == 1 and found.right_by_that == pytest.approx(1 / 3) and found.modes is None
    assert "always answers b" in SoundnessSection().html(found, ABOUT).html and json_text(found)
    assert told(found) == ""  # the performance says it first


def test_one_image_is_not_always_the_same():
    assert gather_soundness(Seen(constant(), images(1), ReportPlan(trust_images=0))).always is None


def with_normalization(moving_mean):
    model = keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            keras.layers.Conv2D(2, 1, use_bias=False, name="conv"),
            keras.layers.BatchNormalization(name="norm"),
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    model.get_layer("conv").set_weights([np.eye(2).reshape(1, 1, 2, 2)])
    model.get_layer("norm").set_weights([np.ones(2), np.zeros(2), np.full(2, moving_mean), np.full(2, 0.1)])
    model.layers[-1].set_weights([np.array([[-9.0, 9], [0, 0]]), np.zeros(2)])
    return model


def dark_and_bright(count=80):
    labels = np.arange(count) % 2
    noise = np.random.default_rng(0).random((count, 6, 6, 2), np.float32)
    return Dataset(
        np.clip(0.5 * noise + 0.5 * labels[:, None, None, None], 0, 1).astype("f4"), labels, ("dark", "bright"), "made"
    )


def test_moving_statistics_that_are_off():
    found = gather_soundness(Seen(with_normalization(5.0), dark_and_bright(), ReportPlan(trust_images=0)))
    said = told(found)
    assert "moving statistics of norm" in said and "Training and use disagree" in said
    assert found.modes.in_training == 1 and found.modes.in_use == 0.5


def test_moving_statistics_that_are_right_say_nothing():
    found = gather_soundness(Seen(with_normalization(0.5), dark_and_bright(), ReportPlan(trust_images=0)))
    assert told(found) == "" and found.modes.in_use == 1


@pytest.mark.parametrize("name", ["batchnorm_gap", "zero_padded_dropout"])
def test_the_models_that_ship_are_sound(name):
    sample = fashion_mnist("test").take(np.arange(300))
    assert told(gather_soundness(Seen(load_model(name), sample, ReportPlan(trust_images=0)))) == ""


@pytest.mark.parametrize(("off", "deviation", "far"), [(0.3, 1.2, False), (1.5, 1, True), (0, 3, True), (0, 0.2, True)])
def test_far_off(off, deviation, far):
    assert is_far_off(NormalizationDrift("norm", off, deviation, 4)) is far


def test_dropout_lowers_only_the_training_and_is_no_disagreement():
    assert told(SoundnessEvidence(None, 9, float("nan"), None, (), ModeGap(9, in_use=0.9, in_training=0.4))) == ""
