"""Numbers as words."""

import pytest

from featurelens.reports.drawing.wording import count, listed, number, percent, shape


@pytest.mark.parametrize(("value", "text"), [(0.8944, "89.4 %"), (1, "100.0 %"), (float("nan"), "–")])
def test_shares(value, text):
    assert percent(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [(0, "0"), (1.2e-7, "1.2e-07"), (0.01234, "0.0123"), (-3.14159, "-3.14"), (float("inf"), "–")]
)
def test_amounts(value, text):
    assert number(value) == text


def test_counts_and_lists():
    assert count(1, "image") == "1 image"
    assert count(1061, "class", "classes") == "1,061 classes"
    assert listed([]) == "none"
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"
    assert listed(list("abcde"), most=2) == "a, b and 3 more"
    assert shape((28, None, 1)) == "28 × any × 1"
