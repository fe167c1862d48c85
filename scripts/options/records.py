"""Options that several commands share, as one record: defined once, typed alike everywhere, handed over whole."""

from __future__ import annotations

import inspect
import typing
from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, fields, is_dataclass
from typing import Annotated, Any

from typer.models import ParameterInfo


@dataclass(frozen=True)
class Without:
    """In `Annotated[Opening, Without("task")]`: fields of a record that this command has no option for."""

    names: tuple[str, ...]

    def __init__(self, *names: str) -> None:
        object.__setattr__(self, "names", names)


def takes_records(command: Callable[..., None]) -> Callable[..., None]:
    """The command with an option for each field of its records, in their place; it is called with the records made of them.

    A record is a frozen dataclass whose fields are `Annotated` with `typer.Option`; a field without has no option.

    Example:
        >>> @dataclass(frozen=True)
        ... class Size:
        ...     height: Annotated[int, typer.Option(help="Rows.")] = 28
        >>> @takes_records                       # featurelens draw --height 56
        ... def draw(size: Size = Size()): ...
    """
    hints = typing.get_type_hints(command, include_extras=True)
    records: dict[str, tuple[type[Any], list[str]]] = {}
    parameters: list[inspect.Parameter] = []
    for parameter in inspect.signature(command).parameters.values():
        hint = hints[parameter.name]
        kind, left_out = _kind(hint)
        if not (isinstance(kind, type) and is_dataclass(kind)):
            parameters.append(parameter.replace(annotation=hint))
            continue
        options = _options(kind, left_out)
        records[parameter.name] = kind, [option.name for option in options]
        parameters += options

    def expanded(**given: Any) -> None:
        made = {name: kind(**{field: given.pop(field) for field in names}) for name, (kind, names) in records.items()}
        command(**given, **made)

    expanded.__name__, expanded.__doc__, expanded.__module__ = command.__name__, command.__doc__, command.__module__
    expanded.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    expanded.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    expanded.own_parameters = tuple(inspect.signature(command).parameters)  # type: ignore[attr-defined]
    return expanded


def _kind(hint: Any) -> tuple[Any, tuple[str, ...]]:
    """The type of a parameter, and the fields that it goes without."""
    if typing.get_origin(hint) is not Annotated:
        return hint, ()
    kind, *remarks = typing.get_args(hint)
    return kind, tuple(name for remark in remarks if isinstance(remark, Without) for name in remark.names)


def _options(record: type[Any], left_out: tuple[str, ...]) -> list[inspect.Parameter]:
    hints = typing.get_type_hints(record, include_extras=True)
    return [
        inspect.Parameter(
            each.name, inspect.Parameter.POSITIONAL_OR_KEYWORD, default=_default(each), annotation=hints[each.name]
        )
        for each in fields(record)
        if each.name not in left_out and _is_option(hints[each.name])
    ]


def _is_option(hint: Any) -> bool:
    return typing.get_origin(hint) is Annotated and any(
        isinstance(each, ParameterInfo) for each in typing.get_args(hint)
    )


def _default(each: Field[Any]) -> Any:
    return inspect.Parameter.empty if each.default is MISSING else each.default
