"""The very objects, not equal ones: held against `is`, one by one."""

from __future__ import annotations

from typing import Any

import pytest

from featurelens.interpret.graph.state.held_objects import HeldObjects


class Equal:
    """Equal to all."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


STEPS: dict[str, tuple[Any, Any]] = {
    "another type": (True, 1),
    "an equal float": (1.0, 1),
    "equal to all": (None, Equal()),
    "an equal list": ([1], [1]),
}


@pytest.mark.parametrize(("before", "after"), STEPS.values(), ids=STEPS)
def test_an_equal_object_is_another(before: Any, after: Any) -> None:
    assert before == after and before is not after
    space, row = {"a": 0, "b": before, "c": "x"}, [before, "x"]
    held = HeldObjects([(space, ["b"])], [row])
    assert held.are_the_same()
    space["b"] = after
    assert not held.are_the_same()
    space["b"] = before
    assert held.are_the_same()
    row[0] = after
    assert not held.are_the_same()


def test_what_does_not_count_may_change_but_not_come_or_go() -> None:
    space = {"a": 0, "b": 1, "c": 2}
    held = HeldObjects([(space, ["a", "b"])], [])
    space["c"] = 3
    assert held.are_the_same()
    space["d"] = 4
    assert not held.are_the_same()
    del space["d"], space["a"]
    space["e"] = 0
    assert not held.are_the_same()


def test_one_object_may_not_move_from_list_to_list() -> None:
    one, two = ["x"], []
    held = HeldObjects([], [one, two])
    two.append(one.pop())
    assert not held.are_the_same()
