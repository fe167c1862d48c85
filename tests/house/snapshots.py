"""What users may rely on, written down: exported names, and each command's options. Run to write it anew.

python tests/house/snapshots.py
"""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "kept"
PACKAGES = ("interpret", "models", "reports")


def public_names() -> dict[str, list[str]]:
    """The names that each package exports."""
    return {name: sorted(importlib.import_module(f"featurelens.{name}").__all__) for name in PACKAGES}


def command_line() -> dict[str, Any]:
    """Each command with what it says of itself and of its options, as `--help` shows them."""
    import typer

    from featurelens.scripts.cli import app

    group = typer.main.get_command(app)
    return {
        name: {"help": command.help, "options": {_spelled(each): _described(each) for each in command.params}}
        for name, command in sorted(group.commands.items())  # type: ignore[attr-defined]
    }


def _spelled(parameter: Any) -> str:
    return (
        ", ".join([*parameter.opts, *parameter.secondary_opts]) if parameter.opts[0].startswith("-") else parameter.name
    )


def _described(parameter: Any) -> dict[str, Any]:
    return {
        "help": getattr(parameter, "help", None),
        "default": None if parameter.default is None or callable(parameter.default) else str(parameter.default),
        "many": bool(parameter.multiple) if hasattr(parameter, "multiple") else parameter.nargs != 1,
    }


def kept(name: str) -> Any:
    """What was written down."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, value in (("public_names", public_names()), ("command_line", command_line())):
        (FOLDER / f"{name}.json").write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
