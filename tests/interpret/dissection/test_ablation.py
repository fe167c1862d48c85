"""Taking channels away: answers by hand, as loops, a planted cause that ranks first, and channels that change nothing."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from counted_calls import counted_calls
from hand_set_models import random_cnn, random_images

from featurelens.interpret import ActivationExtractor
from featurelens.interpret.dissection import ablation
from featurelens.interpret.dissection.ablation import ablate_channels, ablate_confusions
from featurelens.interpret.tracing.batched_graph import Program

pytestmark = pytest.mark.numeric

layers = keras.layers


def planted(to_logits, channels=4, side=2):
    """Channel c of 'conv' is input channel c; logits are the channels' means times `to_logits` [C,K]."""
    made = keras.Sequential(
        [
            keras.Input((side, side, channels)),
            layers.Conv2D(channels, 1, use_bias=False, activation="relu", name="conv"),
            layers.GlobalAveragePooling2D(name="pool"),
            layers.Dense(np.shape(to_logits)[1], use_bias=False, activation="softmax", name="dense"),
        ]
    )
    made.get_layer("conv").set_weights([np.eye(channels).reshape(1, 1, channels, channels)])
    made.get_layer("dense").set_weights([np.asarray(to_logits, float)])
    return made


# channel 0 speaks for class 0, channel 1 for class 1, channel 2 for class 1 where it should not, channel 3 is never on
CULPRIT = [[2.0, 0.0], [0.0, 2.0], [0.0, 4.0], [5.0, -5.0]]


@pytest.fixture(scope="module")
def pictures():
    """Four of class 0, four of class 1; on the first three of class 0 channel 2 fires, too, and they are mistaken."""
    values = np.zeros((8, 2, 2, 4), np.float32)
    values[:4, ..., 0] = 1
    values[4:, ..., 1] = 1
    values[:3, ..., 2] = 0.8
    return values


LABELS = np.array([0, 0, 0, 0, 1, 1, 1, 1])


@pytest.fixture(scope="module")
def found(pictures):
    return ablate_channels(planted(CULPRIT), pictures, LABELS, "conv", confusion=(0, 1))


def test_the_planted_cause_ranks_first(found):
    # with it logits (2, 3.2) on three images of class 0; without it (2, 0): all three repaired, none broken
    assert (found.confused, found.accuracy, found.layer, found.images) == (3, 5 / 8, "conv", 8)
    assert found.effects.channels[0] == 2
    assert found.effects.repaired.tolist() == [3, 0, 0, 0]
    assert found.effects.confusion_change[0] == -3
    assert found.effects.accuracy_change[0] == pytest.approx(3 / 8)
    assert found.effects.broken[0].tolist() == [0, 0]


def test_changes_by_hand(found):
    effects = found.effects.taken(np.argsort(found.effects.channels))
    # mean logits lose what the channel gave: channel 0 gives 2 to class 0 on 4 of 8 images, channel 2 3.2 on 3 of 8
    expected = [[-1, 0], [0, -1], [0, -1.2], [0, 0]]
    np.testing.assert_allclose(effects.logit_change, expected, atol=1e-6)
    # the gap logit 1 - logit 0 of the three confused: without channel 0 it grows by 2, without channel 2 it falls by 3.2
    np.testing.assert_allclose(effects.gap_change, [2, 0, -3.2, 0], atol=1e-6)
    # without channel 0 the fourth image of class 0 has logits (0, 0): class 0 still; without 1 those of class 1 too: broken
    assert effects.broken.tolist() == [[0, 0], [0, 4], [0, 0], [0, 0]]
    assert found.right.tolist() == [1, 4]


def test_a_channel_that_never_fires_changes_nothing_at_all(found):
    dead = found.effects.taken(np.flatnonzero(found.effects.channels == 3))
    assert not dead.logit_change.any() and dead.accuracy_change[0] == 0 and dead.gap_change[0] == 0
    assert dead.repaired[0] == dead.confusion_change[0] == 0 and not dead.broken.any()


def test_with_all_channels_the_control_is_all_of_them(found):
    assert found.control.channels.tolist() == [0, 1, 2, 3]
    assert found.control.repaired.mean() == pytest.approx(3 / 4)
    assert found.control.gap_change.mean() == pytest.approx((2 - 3.2) / 4)


def test_named_channels_are_compared_with_others_drawn_by_the_seed(pictures):
    wide = planted(np.random.default_rng(0).normal(size=(12, 2)), channels=12)
    images = np.concatenate([pictures] * 3, axis=-1)
    one = ablate_channels(wide, images, LABELS, "conv", channels=[5, 1], control=4, seed=1)
    assert sorted(one.effects.channels) == [1, 5]
    assert len(one.control.channels) == 4 and not np.isin(one.control.channels, [1, 5]).any()
    other = ablate_channels(wide, images, LABELS, "conv", channels=[5, 1], control=4, seed=2)
    assert other.control.channels.tolist() != one.control.channels.tolist()
    whole = ablate_channels(wide, images, LABELS, "conv").control
    np.testing.assert_allclose(one.control.logit_change, whole.logit_change[one.control.channels], atol=1e-6)


def test_the_mean_is_milder_than_zero(pictures):
    # channel 1 is 1 on half of the images: set to its mean 0.5, class 1 keeps (0, 1) and no image breaks
    model = planted(CULPRIT)
    zero = ablate_channels(model, pictures, LABELS, "conv", channels=[1])
    mean = ablate_channels(model, pictures, LABELS, "conv", channels=[1], to="mean")
    assert zero.effects.broken[0].tolist() == [0, 4] and mean.effects.broken[0].tolist() == [0, 0]
    np.testing.assert_allclose(mean.effects.logit_change[0], [0, 0], atol=1e-6)  # 0.5 more on four, 0.5 less on four
    assert (zero.to, mean.to) == ("zero", "mean")


def test_a_constant_channel_set_to_its_mean_changes_nothing_at_all(pictures):
    images = pictures.copy()
    images[..., 3] = np.float32(0.3)
    effects = ablate_channels(planted(CULPRIT), images, LABELS, "conv", to="mean").effects
    constant = effects.taken(np.flatnonzero(effects.channels == 3))
    assert not constant.logit_change.any() and not constant.broken.any()


def test_everything_equals_loops():
    model, images, labels = random_cnn(2), random_images(1, 24), np.arange(24) % 3
    maps = ActivationExtractor(model, ["conv2"])(images)["conv2"]
    kernel, bias = model.get_layer("dense").get_weights()
    before = maps.reshape(24, -1) @ kernel + bias
    answers = before.argmax(axis=1)
    pair = max(
        ((t, p) for t in range(3) for p in range(3) if t != p),
        key=lambda x: ((labels == x[0]) & (answers == x[1])).sum(),
    )
    found = ablate_channels(model, images, labels, "conv2", confusion=pair, batch_size=7)
    effects = found.effects.taken(np.argsort(found.effects.channels))
    confused = (labels == pair[0]) & (answers == pair[1])
    assert found.confused == confused.sum() >= 3
    for channel in range(5):
        without = maps.copy()
        without[..., channel] = 0
        after = without.reshape(24, -1) @ kernel + bias
        now = after.argmax(axis=1)
        np.testing.assert_allclose(effects.logit_change[channel], (after - before).mean(axis=0), rtol=1e-3, atol=1e-5)
        assert effects.accuracy_change[channel] == pytest.approx((now == labels).mean() - (answers == labels).mean())
        assert effects.repaired[channel] == (now == labels)[confused].sum()
        assert effects.confusion_change[channel] == ((labels == pair[0]) & (now == pair[1])).sum() - confused.sum()
        lost = (answers == labels) & (now != labels)
        assert effects.broken[channel].tolist() == [lost[labels == label].sum() for label in range(3)]
        gap = (after - before)[:, pair[1]] - (after - before)[:, pair[0]]
        assert effects.gap_change[channel] == pytest.approx(gap[confused].mean(), rel=1e-3, abs=1e-5)
    assert effects.accuracy_change.any() and effects.broken.any(), "the case is not trivial"
    assert (np.diff(found.effects.repaired) <= 0).all()


def test_several_confusions_in_one_run_are_each_as_alone(pictures):
    model, labels = planted(CULPRIT), np.array([0, 0, 0, 0, 1, 1, 0, 1])
    labels[5] = 0
    pair = ablate_confusions(model, pictures, labels, "conv", [(0, 1)])[0]
    alone = ablate_channels(model, pictures, labels, "conv", confusion=(0, 1))
    assert pair.confused == alone.confused == 5
    np.testing.assert_array_equal(pair.effects.channels, alone.effects.channels)
    np.testing.assert_array_equal(pair.effects.repaired, alone.effects.repaired)
    both = ablate_confusions(random_cnn(2), random_images(1, 24), np.zeros(24, int), "conv2", [(0, 2)])
    assert both[0].confusion == (0, 2)


def test_where_a_way_goes_round_the_layer_it_stays():
    # logits (1, -1) * mean(3 x + x): without the convolution's channel x itself is left
    inputs = keras.Input((2, 2, 1))
    maps = layers.Conv2D(1, 1, use_bias=False, name="conv")(inputs)
    pooled = layers.GlobalAveragePooling2D()(layers.Add()([maps, inputs]))
    model = keras.Model(inputs, layers.Dense(2, use_bias=False, name="dense")(pooled))
    model.get_layer("conv").set_weights([np.full((1, 1, 1, 1), 3.0)])
    model.get_layer("dense").set_weights([np.array([[1.0, -1.0]])])
    found = ablate_channels(model, np.ones((2, 2, 2, 1), np.float32), [0, 0], "conv")
    np.testing.assert_allclose(found.effects.logit_change, [[-3, 3]], atol=1e-6)


@pytest.mark.parametrize("batch_size", [1, 5, 1000])
def test_batches_change_nothing(batch_size):
    model, images, labels = random_cnn(2), random_images(1, 12), np.arange(12) % 3
    one = ablate_channels(model, images, labels, "conv1", batch_size=64).control
    other = ablate_channels(model, images, labels, "conv1", batch_size=batch_size).control
    np.testing.assert_allclose(other.logit_change, one.logit_change, rtol=1e-4, atol=1e-5)
    np.testing.assert_array_equal(other.broken, one.broken)


def test_what_does_not_fit_is_refused_with_what_to_do(pictures):
    model = planted(CULPRIT)
    with pytest.raises(ValueError, match=r"numbers from 0 to 3. Received \[1, 4\]. Give some of the layer's 4"):
        ablate_channels(model, pictures, LABELS, "conv", channels=[1, 4])
    with pytest.raises(ValueError, match="each once, or None for all"):
        ablate_channels(model, pictures, LABELS, "conv", channels=[1, 1])
    with pytest.raises(ValueError, match=r"Expected to='zero' or to='mean'. Received 'one'"):
        ablate_channels(model, pictures, LABELS, "conv", to="one")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"takes for class 0. None of the 8 is.*that occurs: \(0, 1\)"):
        ablate_channels(model, pictures, LABELS, "conv", confusion=(1, 0))
    with pytest.raises(ValueError, match=r"two different classes.*Give \(true class, predicted class\)"):
        ablate_channels(model, pictures, LABELS, "conv", confusion=(1, 1))
    with pytest.raises(ValueError, match="Did you mean 'conv'"):
        ablate_channels(model, pictures, LABELS, "cnov")
    with pytest.raises(ValueError, match="Give control=1 or more"):
        ablate_channels(model, pictures, LABELS, "conv", control=0)


def test_what_is_not_kept_for_its_size_is_run_again_with_the_same_answers(monkeypatch):
    layer = "conv1"  # behind "conv2" the answers follow in closed form
    model, images, labels = random_cnn(0), random_images(0, 6), np.arange(6) % 3
    kept = ablate_channels(model, images, labels, layer)
    ran = counted_calls(monkeypatch, Program, "_call")
    monkeypatch.setattr(ablation, "_MOST_KEPT", 0)
    again = ablate_channels(model, images, labels, layer)
    np.testing.assert_array_equal(kept.effects.channels, again.effects.channels)
    np.testing.assert_allclose(kept.effects.logit_change, again.effects.logit_change, rtol=1e-5, atol=1e-6)
    runs = len(ran)
    monkeypatch.undo()
    ran = counted_calls(monkeypatch, Program, "_call")
    ablate_channels(model, images, labels, layer)
    assert len(ran) < runs
