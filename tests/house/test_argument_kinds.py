"""Every public function refuses the wrong kind of thing in words, where it is entered."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import is_dataclass
from typing import Any

import keras
import numpy as np
import pytest

from featurelens import interpret, models, reports
from featurelens.kinds import checks_kinds, kind_named, kind_of


def entrances(package: Any) -> Iterator[tuple[str, Callable[..., Any]]]:
    """What is called of the package's exports, with a name; records are made by the package itself."""
    for name in package.__all__:
        found = getattr(package, name)
        if inspect.isclass(found) and not is_dataclass(found):
            yield name, found
            if inspect.isfunction(vars(found).get("__call__")):
                yield f"{name}()", found.__call__
        elif inspect.isfunction(found):
            yield name, found
    if package is models:
        yield "Dataset.from_arrays", models.Dataset.from_arrays


def test_an_object_is_refused_in_three_parts_wherever_a_kind_is_told() -> None:
    model = keras.Sequential([keras.layers.Input((4, 4, 1)), keras.layers.Flatten()])
    for package in (interpret, models, reports):
        told = 0
        for name, function in entrances(package):
            known = {each.name: each for each in inspect.signature(function).parameters.values()}
            kinds = {each: kind_of(parameter) for each, parameter in known.items()}
            needed = {each: _fitting(kinds[each], model) for each, one in known.items() if one.default is one.empty}
            for each, kind in kinds.items():
                if kind is None:
                    continue
                told += 1
                with pytest.raises(ValueError, match=r"(?s)Expected .*Received .*object.*\. \S+ .*\.$") as refused:
                    function(**{**needed, each: object()})
                assert each in str(refused.value) or each == "model", (name, each)
        assert told > 20, package


def _fitting(kind: Any, model: Any) -> Any:
    """Something of a kind; of a record something like it, by the name of its class."""
    if kind is None or kind.fits(None):
        return None
    like = type(kind.words.removeprefix("of type "), (), {})()
    values = (model, "name", 1, 0.5, (1, 1), {}, np.zeros(1), len, ["name"], like)
    return next(value for value in values if kind.fits(value))


@pytest.mark.parametrize(
    ("annotation", "fitting", "other"),
    [
        ("int", [3, np.int64(3), np.array(3)], [True, 2.5, "3", None, np.zeros(1)]),
        ("float", [3, 2.5, np.float32(1)], [True, "3", None, [1.0]]),
        ("bool", [True, np.bool_(False)], [0, "False", None]),
        ("str | None", ["word", None], [3, b"word"]),
        ("str | Path", ["word"], [3, None]),
        ("Sequence[str]", [["a"], ("a", "b"), np.array(["a"]), []], ["word", [3], {"a": 1}, 3, np.zeros(1)]),
        ("int | Sequence[int]", [3, [3], range(3), np.arange(3)], ["3", [0.5], None]),
        ("tuple[int, int]", [(1, 2), [1, 2], np.array([1, 2])], [24, (1,), (1, 2, 3), ("a", "b"), "ab"]),
        ("int | tuple[int, ...]", [4, (4, 4)], ["4", (0.5,)]),
        ("Mapping[str, Any]", [{}], [[], "word", None]),
        ("ndarray", [np.zeros(3), [1]], [None, 3, "word", {}]),
        ("Evaluation", [], [np.zeros(3), None, {}]),
    ],
)
def test_what_is_of_a_kind(annotation: str, fitting: list[Any], other: list[Any]) -> None:
    kind = kind_named(annotation)
    assert kind is not None
    assert all(kind.fits(value) for value in fitting) and not any(kind.fits(value) for value in other)


def test_what_is_not_told_is_left_open() -> None:
    assert all(kind_named(each) is None for each in ("Any", "Classes", "Layer | None", "str | Any"))


def test_the_refusal_says_what_to_type() -> None:
    @checks_kinds
    def draw(names: list[str], size: tuple[int, int] = (28, 28), seed: int = 0, path: str | None = None) -> None: ...

    with pytest.raises(ValueError, match=r"Expected size= .* Received 24. Write size=\(28, 28\)."):
        draw([], 24)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"whole number from 0. Received -1. Write seed=0."):
        draw([], seed=-1)
    with pytest.raises(ValueError, match=r"Received 3. Leave it out, or write path='name'."):
        draw([], path=3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"Received float64\[3\]. Load it with"):
        models.evaluate(np.zeros(3), [])
    with pytest.raises(ValueError, match=r"Received 'cat'. Write class_names=\['cat'\]."):
        models.Dataset.from_arrays(np.zeros((1, 2, 2)), [0], "cat")


def test_maps_and_masks_are_of_one_form() -> None:
    masks = np.zeros((1, 28, 20), bool)
    masks[:, 2:9, 3:8] = True
    for size in ((7, 5), (13, 9), (28, 20), (1, 1), (18, 10)):  # strides, and layers without padding
        interpret.relevance_mass_accuracy(np.ones((1, *size)), masks)
    for size in ((20, 28), (28, 28), (5, 7)):
        with pytest.raises(ValueError, match="Expected maps and masks of one form"):
            interpret.relevance_mass_accuracy(np.ones((1, *size)), masks)
