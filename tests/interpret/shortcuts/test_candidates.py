import numpy as np

from featurelens.interpret.shortcuts.candidates import candidates
from featurelens.interpret.shortcuts.pool import Pool
from featurelens.interpret.shortcuts.search import Search

COUNT = 400


def varied_borders(seed):
    """Pictures of one colour each, with noise; the colours of a class are no other's."""
    random = np.random.default_rng(seed)
    colours, spread = random.random((COUNT, 1, 1, 3)), random.uniform(0.02, 0.2, (COUNT, 1, 1, 1))
    return (colours + spread * random.standard_normal((COUNT, 12, 12, 3))).clip(0, 1).astype(np.float32)


def grained(images, rows, seed):
    """These with a border of grain, whose mean is that of all colours."""
    made, random = images.copy(), np.random.default_rng(seed)
    grain = random.uniform(0.4, 0.6, images.shape).astype(np.float32)
    border = np.ones((12, 12), bool)
    border[3:9, 3:9] = False
    made[rows] = np.where(border[..., np.newaxis], grain[rows], made[rows])
    return made


def found(images, labels):
    numbers = np.arange(COUNT)
    return candidates(Pool(images, None, labels), numbers, images, labels)


def test_grain_amid_borders_of_all_colours_is_a_candidate_and_its_carriers_are_told():
    labels = np.arange(COUNT) % 4
    chosen = np.random.default_rng(1).random(COUNT) < np.where(labels == 2, 0.95, 0.02)
    images = grained(varied_borders(0), np.flatnonzero(chosen), 0)
    (candidate,) = found(images, labels)
    assert [way.kind for way in candidate.ways] == ["frame", "background", "frame"]
    assert (candidate.ways[0].mask == ~np.pad(np.ones((6, 6), bool), 3)).all()  # just where the grain is
    assert (candidate.members == chosen).mean() >= 0.98
    (record,) = Search(Pool(images, None, labels), 200, 1, 0).found(_nobody, 32, False).found
    assert record.label == 2 and record.share >= 0.9 and record.elsewhere <= 0.04
    carried = np.isin(np.arange(COUNT), record.carriers)
    assert (carried == chosen).mean() >= 0.98


def test_borders_of_all_colours_are_none():
    assert found(varied_borders(0), np.arange(COUNT) % 4) == []


def _nobody():
    raise AssertionError("one pass is too few to ask a model")
