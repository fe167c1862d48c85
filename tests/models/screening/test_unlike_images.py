"""Images unlike the references: the rate of false flags, planted strangers, and a split of the same data."""

import numpy as np
import pytest
from scipy import stats

from featurelens.models.screening.unlike import FEWEST, FLAGGED, References, unlike_the_rest

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


def auroc(unlike, usual):
    return stats.mannwhitneyu(-unlike, -usual).statistic / len(unlike) / len(usual)


def test_strangers_are_flagged_and_those_like_the_references_are_not():
    references = References(*answers(2000, 0))
    usual, unlike = references.judge(*answers(2000, 1)), references.judge(*strangers(300, 2))
    # of n usual ones the share flagged follows a Beta law around 5 %, and 2000 judged images add their own chance
    deviation = np.sqrt(FLAGGED * (1 - FLAGGED) * (1 / references.usual.size + 1 / 2000))
    assert abs(usual.flagged.mean() - FLAGGED) < 3 * deviation
    assert unlike.flagged.mean() >= 0.9 and auroc(unlike.p_value, usual.p_value) > 0.98
    assert (usual.usual, usual.rough) == (1000, False)


def test_a_split_of_the_same_images_is_not_told_apart():
    values = []
    for seed in range(6):
        references = References(*answers(1000, 10 + seed))
        values.append(
            auroc(
                references.judge(*answers(1000, 30 + seed)).p_value, references.judge(*answers(1000, 50 + seed)).p_value
            )
        )
    assert 0.48 <= np.mean(values) <= 0.52


def test_the_p_value_is_a_count():
    logits, features = answers(60, 0)
    references = References(logits, features, seed=3)
    own = references.judge(*strangers(1, 1)).p_value[0]
    assert own * (len(references.usual) + 1) == pytest.approx(round(own * (len(references.usual) + 1)))
    assert own == pytest.approx(1 / (len(references.usual) + 1))  # further off than every usual one


@pytest.mark.parametrize(("count", "rough"), [(2 * FEWEST, True), (198, True), (200, False)])
def test_few_references_are_rough(count, rough):
    assert References(*answers(count, 0)).judge(*answers(5, 1)).rough is rough


def test_too_few_references_flag_nothing():
    found = References(*answers(2 * FEWEST - 2, 0)).judge(*strangers(9, 1))
    assert not found.flagged.any() and np.isnan(found.p_value).all()


def test_each_half_against_the_other():
    logits, features = (np.concatenate(parts) for parts in zip(answers(1960, 0), strangers(40, 1), strict=True))
    found = unlike_the_rest(logits, features)
    assert found.flagged.mean() < 0.08
    most = np.argsort(found.p_value, kind="stable")[:40]
    assert (most >= 1960).mean() > 0.8
    np.testing.assert_array_equal(found.p_value, unlike_the_rest(logits, features).p_value)


def test_one_image():
    assert np.isnan(unlike_the_rest(*answers(1, 0)).p_value).all()
