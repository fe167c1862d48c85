"""Unlike images: the references themselves pass at the stated rate, planted others do not."""

import keras
import numpy as np
import pytest

from featurelens.interpret.reference.hidden_features import hidden_layer
from featurelens.interpret.reference.unlike import energy, reference_images
from featurelens.interpret.tracing.batched_graph import Computed, Program
from featurelens.interpret.tracing.traced_model import TracedModel


def clusters(count: int, seed: int, spread: float = 0.3):
    """Three directions of 8 with noise, and logits that name them."""
    draw = np.random.default_rng(seed)
    features = (np.eye(8)[draw.integers(0, 3, count)] * 3 + draw.normal(0, spread, (count, 8))).astype(np.float32)
    return features[:, :3] * 2, features


def auroc(inside: np.ndarray, outside: np.ndarray) -> float:
    """The chance that an outside one has the smaller p, ties half."""
    pairs = inside[:, None] - outside[None]
    return float((pairs > 0).mean() + 0.5 * (pairs == 0).mean())


def test_energy_by_hand():
    assert energy(np.array([[np.log(2), np.log(3)]])) == pytest.approx(-np.log(5))
    assert np.isfinite(energy(np.array([[1e4, -1e4]]))).all()


def test_references_are_accepted_at_the_stated_rate():
    accepted = []
    for seed in range(30):
        logits, features = clusters(1400, seed)
        known = reference_images(logits[:400], features[:400], seed=seed)
        accepted.append(1 - known.unlikeness(logits[400:], features[400:]).flagged.mean())
    deviation = np.sqrt(0.95 * 0.05 * (1 / 200 + 1 / 1000) / 30)
    assert abs(np.mean(accepted) - 0.95) < 3 * deviation + 1 / 200


def test_planted_ones_are_flagged_and_a_control_is_not():
    logits, features = clusters(3000, 0)
    known = reference_images(logits[:1000], features[:1000])
    inside = known.unlikeness(logits[1000:2000], features[1000:2000]).p
    control = known.unlikeness(logits[2000:], features[2000:]).p
    elsewhere = np.random.default_rng(1).normal(0, 1, (500, 8)).astype(np.float32)  # no cluster, weak logits
    other = known.unlikeness(elsewhere[:, :3] * 2, elsewhere)
    assert other.flagged.mean() > 0.9
    assert 0.47 < auroc(inside, control) < 0.53 < 0.95 < auroc(inside, other.p)


def test_either_measure_alone_flags():
    logits, features = clusters(1000, 0)
    known = reference_images(logits, features)
    usual = known.numbers[:20]
    assert known.unlikeness(np.zeros((20, 3)), features[usual]).flagged.all()  # nothing speaks for any class
    away = np.tile(np.eye(8, dtype=np.float32)[7], (20, 1))
    assert known.unlikeness(logits[usual], away).flagged.all()  # an answer as sure as any, of features never seen


def test_a_reference_is_its_own_nearest_and_neighbours_are_those_by_brute_force():
    logits, features = clusters(200, 3)
    known = reference_images(logits, features)
    found = known.unlikeness(logits[known.numbers], features[known.numbers])
    assert (found.nearest[:, 0] == known.numbers).all()
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    cosines = unit[known.numbers] @ unit[known.numbers[7]]
    assert found.nearest[7].tolist() == known.numbers[np.argsort(-cosines, kind="stable")[:5]].tolist()


@pytest.mark.parametrize(("count", "told"), [(37, False), (38, True)])
def test_too_few_references_flag_nothing(count, told):
    logits, features = clusters(count, 0)
    known = reference_images(logits, features)
    found = known.unlikeness(np.full((1, 3), -50.0), -np.ones((1, 8), np.float32))
    assert known.is_rough and found.flagged.tolist() == [told]
    assert np.isfinite(found.p).tolist() == [told]


def test_without_features_the_energy_decides():
    logits, _ = clusters(400, 0)
    known = reference_images(logits, None)
    found = known.unlikeness(np.zeros((1, 3)), None)
    assert found.flagged.all() and found.nearest.shape == (1, 0)


@pytest.mark.parametrize(
    ("layers", "expected"),
    [
        (["flatten", "hidden", "answer"], "hidden"),
        (["flatten", "hidden", "scores", "softmax"], "hidden"),
        (["flatten", "answer"], "flatten"),
        (["pooled", "hidden", "unit"], "hidden"),
    ],
)
def test_the_hidden_layer_is_the_last_that_is_still_weighed(layers, expected):
    kinds = {
        "flatten": keras.layers.Flatten(name="flatten"),
        "pooled": keras.layers.GlobalAveragePooling2D(name="pooled"),
        "hidden": keras.layers.Dense(5, activation="relu", name="hidden"),
        "scores": keras.layers.Dense(3, name="scores"),
        "softmax": keras.layers.Activation("softmax", name="softmax"),
        "answer": keras.layers.Dense(3, activation="softmax", name="answer"),
        "unit": keras.layers.Dense(1, activation="sigmoid", name="unit"),
    }
    conv = keras.layers.Conv2D(2, 3, name="conv")
    model = keras.Sequential([keras.Input((6, 6, 1)), conv, *(kinds[name] for name in layers)])

    def look(taps, _):
        return Computed({}, {"hidden": getattr(hidden_layer(taps), "name", None)})

    assert Program(TracedModel(model), look).facts["hidden"] == expected
