"""What one wants each time: the table [tool.featurelens] of the pyproject.toml here, or in the nearest folder above.

    [tool.featurelens]
    seed = 3                        # for every command that has the option
    [tool.featurelens.report]
    fail-if = ["accuracy < 0.89"]   # for one command; an option that is typed counts instead

Keys are options without their dashes. One that no command has is refused with the nearest. What runs code must be typed: a
folder from elsewhere could set it.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import typer

_TYPED = ("allow_code", "custom_objects")
_HELP = "help"


def settings(app: typer.Typer, folder: Path | None = None) -> dict[str, dict[str, Any]]:
    """{command: {parameter: value}} of the table; empty where there is none.

    Raises:
        ValueError: The file is no TOML, or a key, a command or a kind of value is wrong.
    """
    path = _nearest(folder or Path.cwd())
    table = {} if path is None else _table(path)
    if not table:
        return {}
    options = _options(app)
    given = {name: value for name, value in table.items() if not isinstance(value, Mapping)}
    found: dict[str, dict[str, Any]] = {name: {} for name in options}
    for key, value in given.items():
        holders = [name for name, known in options.items() if _parameter(key) in known]
        _require_known(key, holders, sorted({each for known in options.values() for each in known}), str(path))
        for name in holders:
            found[name][_parameter(key)] = _checked(options[name][_parameter(key)], key, value, str(path))
    for name, part in table.items():
        if isinstance(part, Mapping):
            found[_command(name, options, str(path))] |= _of_command(name, part, options, str(path))
    return {name: values for name, values in found.items() if values}


def _nearest(folder: Path) -> Path | None:
    return next(
        (each / "pyproject.toml" for each in (folder, *folder.parents) if (each / "pyproject.toml").is_file()), None
    )


def _table(path: Path) -> Mapping[str, Any]:
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        if isinstance(error, tomllib.TOMLDecodeError):
            raise ValueError(
                f"Expected TOML in '{path}'. Received a file that is none: {error}. Mend that line."
            ) from error
        return {}  # somebody else's file that cannot be read says nothing to us
    table = content.get("tool", {}).get("featurelens", {}) if isinstance(content.get("tool", {}), Mapping) else {}
    if not isinstance(table, Mapping):
        raise ValueError(
            f"Expected a table [tool.featurelens] in '{path}'. Received {table!r}. Write options below it."
        )
    return table


def _options(app: typer.Typer) -> dict[str, dict[str, Any]]:
    """{command: {parameter: its option}}."""
    import typer.main

    command = typer.main.get_command(app)
    commands: Mapping[str, Any] = getattr(command, "commands", {})
    return {
        name: {each.name: each for each in known.params if each.param_type_name == "option" and each.name != _HELP}
        for name, known in commands.items()
    }


def _of_command(name: str, part: Mapping[str, Any], options: dict[str, dict[str, Any]], path: str) -> dict[str, Any]:
    known = options[name]
    for key in part:
        _require_known(key, [name] if _parameter(key) in known else [], sorted(known), path)
    return {_parameter(key): _checked(known[_parameter(key)], key, value, path) for key, value in part.items()}


def _command(name: str, options: Mapping[str, Any], path: str) -> str:
    from featurelens.models.known_names import unknown_name

    if name not in options:
        raise unknown_name("command", name, options, f"Correct [tool.featurelens.{name}] in '{path}'.")
    return name


def _require_known(key: str, holders: list[str], known: list[str], path: str) -> None:
    from featurelens.models.known_names import unknown_name

    if _parameter(key) in _TYPED:
        raise ValueError(
            f"Expected --{_parameter(key).replace('_', '-')} to be typed, since it runs code. Received it in '{path}', which "
            f"another could have written. Delete it there."
        )
    if not holders:
        names = [each.replace("_", "-") for each in known if each not in _TYPED]
        raise unknown_name("option", key, names, f"Correct [tool.featurelens] in '{path}'.")


def _checked(option: Any, key: str, value: Any, path: str) -> Any:
    """The value as the option takes it; one text for an option that may be given several times is a list of one."""
    if isinstance(value, (bool, int, float, str)):
        return [value] if option.multiple else value
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return value
    raise ValueError(
        f"Expected a number, true or false, a text or a list of texts for {key} in '{path}'. Received {value!r}. Write it as "
        f"it would be typed."
    )


def _parameter(key: str) -> str:
    return key.replace("-", "_")
