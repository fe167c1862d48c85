"""What users may rely on, written down: exported names, each command's options, a report's figures. Run to write it anew.

python tests/house/snapshots.py
"""

from __future__ import annotations

import importlib
import json
import re
import tempfile
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "kept"
PACKAGES = ("interpret", "models", "reports")
_RANKED = (
    "screening",
    "reasons",
)  # lists by rank, which turn where two figures nearly tie; they have tests of their own


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


def figures() -> dict[str, Any]:
    """The figures for programs of the shipped model's report on 600 images, trust measured on 20 of them; without words."""
    from featurelens.models import fashion_mnist, load_model
    from featurelens.reports import write_report

    with tempfile.TemporaryDirectory() as folder:
        few = fashion_mnist("test").take(list(range(600)))
        page = write_report(load_model("zero_padded_dropout"), few, Path(folder) / "report.html", trust_images=20)
        found = re.search(
            r'<script type="application/json" id="twin">(.*?)</script>', page.read_text("utf-8"), re.DOTALL
        )
    assert found is not None
    figures = json.loads(found[1])
    return _wordless({name: value for name, value in figures.items() if name not in _RANKED})


def _wordless(value: Any) -> Any:
    """Without the sentences: they repeat figures, rounded, so they may turn with the last digit."""
    if isinstance(value, dict):
        return {name: _wordless(part) for name, part in value.items() if name not in ("sentence", "words")}
    return [_wordless(part) for part in value] if isinstance(value, list) else value


def kept(name: str) -> Any:
    """What was written down."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    written = {"public_names": public_names(), "command_line": command_line(), "figures_of_600": figures()}
    for name, value in written.items():
        (FOLDER / f"{name}.json").write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
