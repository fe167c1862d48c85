"""Images held against the rest of their own set: p as two plain loops count it, planted strangers, few images."""

import numpy as np
import pytest

from featurelens.interpret.reference.unlike import FEWEST, reference_images, unlike_the_rest

CLASSES, WIDE = 4, 16


def answers(count, seed):
    """(logits, features) of images near one of four directions of the last hidden layer."""
    random = np.random.default_rng(seed)
    labels = random.integers(0, CLASSES, count)
    features = 4 * np.eye(CLASSES, WIDE)[labels] + np.abs(random.normal(0, 0.5, (count, WIDE)))
    return (features[:, :CLASSES] * 2).astype(np.float32), features.astype(np.float32)


def strangers(count, seed):
    """Images that no class is spoken for, in directions of their own."""
    random = np.random.default_rng(seed)
    features = np.abs(random.normal(0, 0.5, (count, WIDE)))
    features[:, CLASSES:] += 2 * random.random((count, WIDE - CLASSES))
    return (features[:, :CLASSES] * 2).astype(np.float32), features.astype(np.float32)


def far_out(logits, features, bank):
    """Energy, and one less the tenth largest cosine, of one image."""
    cosines = [float(row @ features / np.linalg.norm(row) / np.linalg.norm(features)) for row in bank]
    return -np.log(np.exp(logits.astype(np.float64)).sum()), 1 - sorted(cosines)[-min(10, len(bank))]


def share_of_one(both, usual, *, itself):
    """The smaller share of the usual ones that are as far out; an image among them does not count a second time."""
    more = 0 if itself else 1
    return min(sum(each[way] >= both[way] for each in usual) + more for way in (0, 1)) / (len(usual) + more)


def by_loops(logits, features, seed):
    """p of each image: each half of the images against the other, which is halved once more."""
    found = np.empty(len(logits))
    halves = np.array_split(np.random.default_rng(seed).permutation(len(logits)), 2)
    for own, other in (halves, halves[::-1]):
        bank, rest = np.array_split(other[np.random.default_rng(seed).permutation(len(other))], 2)
        usual = [far_out(logits[row], features[row], features[bank]) for row in rest]
        shares = [share_of_one(each, usual, itself=True) for each in usual]
        for row in own:
            share = share_of_one(far_out(logits[row], features[row], features[bank]), usual, itself=False)
            found[row] = (1 + sum(each <= share for each in shares)) / (len(shares) + 1)
    return found


@pytest.mark.parametrize("count", [160, 163])
def test_p_is_what_loops_count(count):
    logits, features = (np.concatenate(parts) for parts in zip(answers(count - 9, 0), strangers(9, 1), strict=True))
    found = unlike_the_rest(logits, features, seed=3)
    np.testing.assert_allclose(found.p, by_loops(logits, features, 3), rtol=1e-12)
    assert found.flagged.tolist() == (found.p <= 0.05).tolist() and found.flagged[-9:].any()


def test_each_half_against_the_other():
    logits, features = (np.concatenate(parts) for parts in zip(answers(1960, 0), strangers(40, 1), strict=True))
    found = unlike_the_rest(logits, features)
    assert found.flagged.mean() < 0.08 and not found.is_rough
    most = np.argsort(found.p, kind="stable")[:40]
    assert (most >= 1960).mean() > 0.8
    np.testing.assert_array_equal(found.p, unlike_the_rest(logits, features).p)


@pytest.mark.parametrize(("count", "rough"), [(2 * FEWEST, True), (198, True), (200, False)])
def test_few_references_are_rough(count, rough):
    assert reference_images(*answers(count, 0)).is_rough is rough


def test_the_furthest_off_is_one_of_all():
    known = reference_images(*answers(60, 0), seed=3)
    assert known.unlikeness(*strangers(1, 1)).p[0] == pytest.approx(1 / (len(known.energies) + 1))


@pytest.mark.parametrize("count", [1, 4 * FEWEST - 3])
def test_too_few_images(count):
    found = unlike_the_rest(*answers(count, 0))
    assert np.isnan(found.p).any() and not found.flagged[np.isnan(found.p)].any() and found.is_rough
