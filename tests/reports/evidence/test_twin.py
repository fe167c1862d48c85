"""A record goes to JSON and comes back; what does not fit is named by its field."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass

import numpy as np
import pytest

from featurelens.reports.evidence.twin import DrawnOnly, from_twin, json_text, twin

HOSTILE = '</script><img src=x onerror=alert(1)>\u2028"\\\x00'


@dataclass(frozen=True, eq=False)
class Part:
    """A record inside of another."""

    name: str
    share: float
    size: tuple[int, int] = (1, 1)


@dataclass(frozen=True, eq=False)
class Whole:
    """A record of everything that a record may hold."""

    parts: tuple[Part, ...]
    by_name: dict[str, Part]
    counts: np.ndarray
    shares: np.ndarray
    known: bool
    rows: list[int]
    other: Part | None = None
    best: float | None = None


@dataclass(frozen=True, eq=False)
class Drawn:
    """A record with pixels."""

    number: int
    picture: DrawnOnly[np.ndarray]
    after: str


def whole():
    part = Part(HOSTILE, 0.25, (3, 4))
    counts, shares = np.arange(6).reshape(2, 3), np.array([0.5, np.nan, np.inf], np.float32)
    return Whole((part, Part("b", math.nan)), {HOSTILE: part}, counts, shares, True, [1, 2], best=math.nan)


def written():
    return json.loads(json_text(whole()), parse_constant=lambda constant: pytest.fail(f"{constant} is not JSON"))


def test_a_record_comes_back_as_it_was():
    back = from_twin(Whole, written())
    assert repr(back.parts) == repr(whole().parts) and repr(back.by_name) == repr(whole().by_name)
    np.testing.assert_array_equal(back.counts, whole().counts)
    assert (back.counts.dtype, back.shares.dtype) == (np.int64, np.float64)
    assert (back.known, back.rows, back.other) == (True, [1, 2], None)


def test_what_json_cannot_write_is_null_and_reads_as_not_known():
    assert written()["shares"] == [0.5, None, None] and written()["parts"][1]["share"] is None
    back = from_twin(Whole, written())
    np.testing.assert_array_equal(back.shares, [0.5, np.nan, np.nan])
    assert math.isnan(back.parts[1].share) and back.best is None


def test_numbers_of_numpy_are_numbers():
    assert twin((np.float32(0.5), np.int64(2), np.bool_(True), np.float64("nan"))) == [0.5, 2, True, None]


def test_what_is_drawn_only_is_not_written_and_cannot_be_read():
    assert twin(Drawn(3, np.zeros((9, 9)), "b")) == {"number": 3, "after": "b"}
    with pytest.raises(TypeError, match="'picture' is drawn only"):
        from_twin(Drawn, {"number": 3, "after": "b"})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"known": 1}, "the field 'known' holds 1 instead of true or false"),
        ({"rows": [1, True]}, "the field 'rows.1' holds True instead of a whole number"),
        ({"rows": [1.5]}, "the field 'rows.0' holds 1.5 instead of a whole number"),
        ({"parts": "ab"}, "the field 'parts' holds 'ab' instead of a list"),
        ({"parts": [{"name": "a", "share": "0.5"}]}, "the field 'parts.0.share' holds '0.5' instead of a number"),
        ({"parts": [{"name": "a", "share": True}]}, "the field 'parts.0.share' holds True instead of a number"),
        ({"parts": [{"name": None, "share": 1}]}, "the field 'parts.0.name' holds None instead of text"),
        (
            {"by_name": {"a": {"name": "a", "share": 1, "size": [1]}}},
            "'by_name.a.size' holds \\[1\\] instead of a list of 2",
        ),
        ({"by_name": []}, "the field 'by_name' holds \\[\\] instead of an object"),
        ({"counts": [[1], [1, 2]]}, "the field 'counts' holds .* instead of an array of numbers"),
        ({"counts": ["a"]}, "the field 'counts' holds .* instead of an array of numbers"),
        ({"other": {"name": "a"}}, "the field 'other.share' is missing"),
        ({"other": {"name": "a", "share": 1, "sise": [1, 1]}}, "the field 'other.sise' is not known"),
    ],
)
def test_what_does_not_fit_is_named_by_its_field(change, told):
    with pytest.raises(ValueError, match=told):
        from_twin(Whole, {**written(), **change})


def test_a_missing_field_is_named_and_one_with_a_default_may_be_missing():
    content = written()
    del content["other"], content["parts"][0]["size"]
    assert from_twin(Whole, content).parts[0].size == (1, 1)
    del content["known"]
    with pytest.raises(ValueError, match="the field 'known' is missing"):
        from_twin(Whole, content)
    with pytest.raises(ValueError, match="the whole holds 3 instead of an object"):
        from_twin(Whole, 3)


def test_what_has_no_form_in_json_is_refused_with_its_field():
    with pytest.raises(TypeError, match=r"Received set in field 'a\.0'.*Make its type DrawnOnly"):
        twin({"a": ({1},)})
    with pytest.raises(TypeError, match=r"keys of field 'a'\. Received 1"):
        twin({"a": {1: 2}})
