import numpy as np
import pytest

from featurelens.interpret.shortcuts.pixels.tight import tight_groups

LABELS = np.arange(400) % 4


def cloud(seed):
    return np.random.default_rng(seed).normal(0.5, 0.2, (400, 6))


def planted(seed, share=0.95, elsewhere=0.02, spread=0.01):
    """A tight group in the middle of the cloud: most of class 2 and few others."""
    random, rows = np.random.default_rng(seed), cloud(seed)
    chosen = random.random(400) < np.where(LABELS == 2, share, elsewhere)
    rows[chosen] = random.normal(0.5, spread, (int(chosen.sum()), 6))
    return rows, chosen


@pytest.mark.parametrize("seed", range(3))
def test_a_tight_group_in_the_midst_of_the_others_is_found_with_all_its_images(seed):
    rows, chosen = planted(seed)
    (members,) = tight_groups(rows, LABELS)
    assert members[chosen].mean() >= 0.95 and (members & ~chosen).sum() <= 4


@pytest.mark.parametrize(
    "rows",
    [
        cloud(3),
        planted(0, spread=0.15)[0],  # hardly closer than all
        planted(0, share=0.5)[0],  # on half of the class
        planted(0, elsewhere=0.9)[0],  # on every class
        np.full((400, 6), 0.5),  # nothing to compare
    ],
)
def test_no_group_is_found_where_no_class_lies_close_together_alone(rows):
    assert list(tight_groups(rows, LABELS)) == []


def test_a_class_of_fewer_than_eight_images_is_left_out():
    rows, _ = planted(0)
    kept = np.flatnonzero((LABELS != 2) | (np.arange(400) < 20))
    assert list(tight_groups(rows[kept], LABELS[kept])) == []
