"""The shortest run of places that holds half of the evidence: by hand, and against all runs tried one by one."""

import numpy as np
import pytest

from featurelens.interpret.maps.spans import Span, along_each, shortest_span, spans_of


def tried(evidence: np.ndarray, share: float) -> tuple[int, float]:
    """The length of the shortest run that holds the share, and the most that a run of this length holds."""
    positive = np.maximum(evidence, 0)
    for length in range(1, len(evidence) + 1):
        held = max(positive[at : at + length].sum() for at in range(len(evidence) - length + 1)) / positive.sum()
        if held >= share - 1e-9:
            return length, held
    raise AssertionError


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 1.0])
@pytest.mark.parametrize("seed", range(5))
def test_against_all_runs(share, seed):
    evidence = np.random.default_rng(seed).normal(size=17)
    found = shortest_span(evidence, share)
    assert found is not None and (evidence < 0).any()
    length, held = tried(evidence, share)
    assert found.last - found.first == length and found.share == pytest.approx(held)
    assert np.maximum(evidence, 0)[found.first : found.last].sum() / np.maximum(evidence, 0).sum() == pytest.approx(
        held
    )


def test_by_hand():
    assert shortest_span(np.array([1.0, 1.0, 1.0, 1.0])) == Span(0, 2, 0.5, 4)  # of equal ones the first
    assert shortest_span(np.array([3.0, 0.0, 1.0, 2.0])) == Span(0, 1, 0.5, 4)
    assert shortest_span(np.array([0.0, -5.0])) is None  # nothing speaks for it
    assert shortest_span(np.array([-9.0, 0.0, 2.0])) == Span(2, 3, 1.0, 3)


def test_each_axis_of_a_volume_is_looked_at_alone():
    evidence = np.zeros((3, 4, 5))
    evidence[2, 1, 4], evidence[0, 3, 3], evidence[1, 1, 1] = 4, 3, -100
    assert [axis.tolist() for axis in along_each(evidence)] == [[3, 0, 4], [0, 4, 0, 3], [0, 0, 0, 3, 4]]
    assert [span and (span.first, span.last) for span in spans_of(evidence)] == [(2, 3), (1, 2), (4, 5)]
    assert spans_of(np.zeros((2, 2))) == (None, None)
