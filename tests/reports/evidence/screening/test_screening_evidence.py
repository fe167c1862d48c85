"""What is suspect, on a model and images made for it: sentences where they must stand, and silence elsewhere."""

import json
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from featurelens.models import Dataset
from featurelens.reports.drawing.reason_words import channel_words, flip_words
from featurelens.reports.evidence.plan import ReportPlan
from featurelens.reports.evidence.screening.reasons import gather_reasons
from featurelens.reports.evidence.screening.suspects import gather_screening, hidden_of
from featurelens.reports.evidence.seen import Seen
from featurelens.reports.evidence.twin import json_text
from featurelens.reports.sections.mistakes import MistakesSection
from featurelens.reports.sections.screening.reasons import ReasonsSection
from featurelens.reports.sections.screening.suspects import ScreeningSection

COUNT = 240


def blobs():
    """A bright blob in one of three corners, the class; with noise."""
    random = np.random.default_rng(0)
    labels = np.arange(COUNT) % 3
    images = 0.25 * random.random((COUNT, 12, 12, 1))
    for image, label in zip(images, labels, strict=True):
        row, column = [(1, 1), (1, 7), (7, 1)][label]
        image[row : row + 4, column : column + 4, 0] += random.uniform(0.35, 0.75)
    return images.astype(np.float32), labels


def corner_model():
    """Averages each quarter through a 6 x 6 convolution of stride 6, and takes the brightest of three for the class."""
    model = keras.Sequential(
        [
            keras.Input((12, 12, 1)),
            keras.layers.Conv2D(2, 6, strides=6, activation="relu", name="conv"),
            keras.layers.Flatten(name="flat"),
            keras.layers.Dense(3, activation="softmax", name="dense"),
        ]
    )
    kernel = np.stack([np.full((6, 6, 1), 1 / 36), np.full((6, 6, 1), 0.5 / 36)], axis=-1)
    model.get_layer("conv").set_weights([kernel, np.zeros(2)])
    weights = np.zeros((2, 2, 2, 3))
    for label, place in enumerate([(0, 0), (0, 1), (1, 0)]):
        weights[(*place, slice(None), label)] = [20, 4]
    model.get_layer("dense").set_weights([weights.reshape(8, 3), np.zeros(3)])
    return model


@pytest.fixture(scope="module")
def world():
    images, labels = blobs()
    given = labels.copy()
    given[[5, 50, 100, 151]] = (labels[[5, 50, 100, 151]] + 1) % 3
    images[201] = 0.9 * images[5]  # a near copy of an image with a wrong label
    given[201] = labels[201] = labels[5]
    dataset = Dataset(images, given, ("a", "b", "c"), "made", value_range=(0.0, 1.0))
    training = Dataset(images[:40].copy(), labels[:40], ("a", "b", "c"), "training")
    seen = Seen(corner_model(), dataset, ReportPlan(trust_images=0, training=training))
    return seen, gather_screening(seen)


def told(found, count=COUNT):
    about = SimpleNamespace(class_names=("a", "b", "c"), dataset=range(count))
    return [finding.sentence for finding in ScreeningSection().findings(found, about)]


def test_planted_labels_and_their_witness(world):
    _, found = world
    listed = set(found.labels.numbers.tolist())
    assert listed <= {5, 50, 100, 151} and 5 in listed and len(listed) >= 3
    assert found.labels.numbers[0] == 5 and found.witnessed.tolist() == [True] + [False] * (len(listed) - 1)
    assert any("suspected to be wrong" in sentence and "at 1 of 100" in sentence for sentence in told(found))


def test_near_copies_in_training_and_of_other_classes(world):
    _, found = world
    assert found.training_copies is not None
    assert set(found.training_copies.pairs[:, 0]) >= set(range(40))
    assert any("have a near copy in training; accuracy without them" in sentence for sentence in told(found))
    kept = np.setdiff1d(np.arange(COUNT), found.training_copies.pairs[:, 0])
    seen, _ = world
    right = seen.evaluation.predictions == seen.dataset.labels
    assert found.accuracy_without == pytest.approx(right[kept].mean())


def test_strangers_sets_and_map(world):
    _, found = world
    assert found.strangers is not None and len(found.strangers.numbers) == 24
    assert (np.diff(found.strangers.p_value) >= 0).all()
    assert found.sets is not None and found.sets.coverage >= 0.93
    assert found.map.points.shape == (COUNT, 2) and found.answers.shape == (COUNT,)


def test_the_record_is_its_own_twin(world):
    _, found = world
    held = json.loads(json_text(found))
    assert held["labels"]["numbers"] == found.labels.numbers.tolist() and "map" not in held
    assert len(held["refusals"]["thresholds"]) == 101


def test_silent_where_nothing_is_planted():
    images, labels = blobs()
    dataset = Dataset(images, labels, ("a", "b", "c"), "made")
    found = gather_screening(Seen(corner_model(), dataset, ReportPlan(trust_images=0)))
    assert found.training_copies is None and not found.copies_of_other_classes
    assert not any("copies" in sentence or "copy" in sentence for sentence in told(found))


def test_few_images_say_nothing():
    images, labels = blobs()
    dataset = Dataset(images[:6], labels[:6], ("a", "b", "c"), "made")
    found = gather_screening(Seen(corner_model(), dataset, ReportPlan(trust_images=0)))
    assert found.labels.refused and found.strangers is None and found.sets is None
    assert told(found, 6) == []


@pytest.fixture(scope="module")
def reasons(world):
    seen, _ = world
    mistakes = MistakesSection().evidence(seen, {})
    return seen, mistakes, gather_reasons(seen, mistakes)


def test_nearest_answers_are_right_answers_of_both_classes(reasons):
    seen, _, found = reasons
    right = seen.evaluation.predictions == seen.dataset.labels
    for rows, classes in ((found.nearest.of_true, found.true), (found.nearest.of_predicted, found.predicted)):
        assert (rows >= 0).all() and right[rows].all()
        assert (seen.dataset.labels[rows] == classes[:, np.newaxis]).all()
    hidden = seen.result(hidden_of(seen))
    assert found.hidden == hidden.layer == "flat"


def test_channels_and_their_sentence(reasons):
    _, mistakes, found = reasons
    # two channels, all of them: their parts are the whole lead, as the head is affine and has no bias
    np.testing.assert_allclose(found.parts.sum(axis=1), mistakes.logit_gap, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(found.share, 1, rtol=1e-5)
    assert "in the lead of b over a at conv" in channel_words(
        found.layer, found.channels[0], found.parts[0], float(found.share[0]), "b", "a"
    )


def test_flips_are_verified_by_the_model(reasons):
    seen, _, found = reasons
    flips = found.flips
    assert flips is not None and flips.searched == min(seen.dataset.images.shape[1:3]) // 2
    for place, row in enumerate(found.flipped):
        sentence = flip_words(flips, place, ("a", "b", "c"))
        if not flips.side[place]:
            assert "none up to" in sentence
            continue
        changed = seen.dataset.images[found.numbers[row]].copy()
        top, left, side = flips.row[place], flips.column[place], flips.side[place]
        changed[top : top + side, left : left + side] = flips.grey
        assert np.asarray(seen.model(changed[np.newaxis])).argmax() == flips.after[place] != found.predicted[row]
        assert f"{side} × {side} at (row, column) ({top}, {left})" in sentence


def test_without_mistakes_there_are_no_reasons(reasons):
    seen, *_ = reasons
    assert ReasonsSection().evidence(seen, {}) is None
