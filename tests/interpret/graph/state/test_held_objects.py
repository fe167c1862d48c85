"""The very objects, not equal ones: held against `is`, one by one."""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import pytest

from featurelens.interpret.graph.state import held_objects
from featurelens.interpret.graph.state.dict_versions import are_versions_kept
from featurelens.interpret.graph.state.held_objects import HeldObjects


class Equal:
    """Equal to all."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


@pytest.fixture(params=["versions", "objects"], autouse=True)
def _asked(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the versions of dictionaries, where Python keeps them, and as it is asked where it does not."""
    if request.param == "objects":
        monkeypatch.setattr(held_objects, "are_versions_kept", lambda: False)
    elif not are_versions_kept():
        pytest.skip("this Python does not number the writes to dictionaries")


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


class Owner:
    """Has attributes."""

    def __init__(self) -> None:
        self.rate, self.steps = 0.5, 3


def in_a_loop(owner: Owner) -> None:
    for number in range(2000):  # Python takes a shorter way by then
        owner.rate = number / 4096


WRITES: dict[str, Callable[[Owner], Any]] = {
    "set": lambda owner: setattr(owner, "rate", 0.25),
    "set around its class": lambda owner: object.__setattr__(owner, "rate", 0.25),
    "set many times": in_a_loop,
    "deleted": lambda owner: delattr(owner, "steps"),
    "updated": lambda owner: vars(owner).update(rate=0.25),
    "merged": lambda owner: vars(owner).__ior__({"rate": 0.25}),
    "by default": lambda owner: vars(owner).setdefault("more", 1),
    "popped": lambda owner: vars(owner).pop("steps"),
    "the last": lambda owner: vars(owner).popitem(),
    "cleared": lambda owner: vars(owner).clear(),
    "renamed": lambda owner: vars(owner).update(other=vars(owner).pop("steps")),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_an_attribute_that_was_written_is_seen_and_what_was_put_back_too(write: Callable[[Owner], Any]) -> None:
    owner, other = Owner(), Owner()
    held = HeldObjects([(vars(each), ["rate", "steps"]) for each in (owner, other)], [])
    for _ in range(3):
        assert held.are_the_same()
    before = dict(vars(owner))
    write(owner)
    assert not held.are_the_same() and not held.are_the_same()
    vars(owner).clear()
    vars(owner).update(before)
    assert held.are_the_same() and held.are_the_same()
    other.steps = 4
    assert not held.are_the_same()


def test_of_dictionaries_and_of_other_namespaces_none_is_left_out() -> None:
    """What counts is followed by versions for a dictionary, object by object for a view of one."""
    plain, seen = {"a": [1]}, {"a": [1]}
    held = HeldObjects([(plain, ["a"]), (MappingProxyType(seen), ["a"])], [])
    seen["a"] = [1]
    assert not held.are_the_same()
    held = HeldObjects([(plain, ["a"]), (MappingProxyType(seen), ["a"])], [])
    plain["a"] = [1]
    assert not held.are_the_same()
