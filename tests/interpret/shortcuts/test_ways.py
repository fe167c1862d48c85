"""Of several ways to describe what the same images share, which one is told?"""

import numpy as np
import pytest

from featurelens.interpret.shortcuts.pixels.contents import Content
from featurelens.interpret.shortcuts.search import _clearest, _Verdict
from featurelens.interpret.shortcuts.transplants import Effects


def way(kind, own, others, label=0, others_p=0.0):
    """One way, and what it does to the one class."""
    zero, full = np.zeros(1), np.full(1, 50)
    effects = Effects(full, np.array([own]), zero, np.array([others]), zero, zero, np.array([others_p]), zero, zero)
    return _Verdict(Content(kind), effects, np.zeros((2, 1)), label, np.ones(1, bool))


@pytest.mark.parametrize(
    ("ways", "told"),
    [
        ([way("frame", 0.8, 0.17), way("background", 0.92, 0.06)], 0),  # of a planted frame
        ([way("frame", 0.98, 0.44), way("background", 1.0, 0.98)], 0),  # of another one
        ([way("frame", 0.8, 0.1), way("level", 0.98, 0.5)], 1),  # of a planted brightness
        ([way("background", 1.0, 0.34), way("frame", 0.94, 0.46), way("mark", 0.9, 0.44)], 2),  # the narrowest
        ([way("mark", 0.83, 0.27), way("mark", 0.98, 0.28)], 1),  # a piece, and the whole of it
        ([way("frame", 0.48, 0.23), way("background", 0.67, 0.0, others_p=1.0)], 0),  # others turn by one alone
        ([way("frame", 0.3, 0.0, others_p=1.0), way("background", 0.67, 0.0, others_p=1.0)], 1),  # by none
        ([way("frame", 0.9, 0.9, label=None), way("background", 0.3, 0.1)], 1),  # one is not proven
        ([way("frame", 0.1, 0.0, label=None), way("mark", 0.1, 0.0, label=None)], 1),  # none is
    ],
)
def test_the_narrowest_that_does_as_much_as_any_other_is_told(ways, told):
    assert _clearest(ways) is ways[told]


def test_of_no_way_none_is_told():
    assert _clearest([]) is None
