"""Names and options that users rely on change only on purpose: then `python tests/house/snapshots.py` writes them anew."""

from __future__ import annotations

import inspect

import pytest
from snapshots import PACKAGES, command_line, kept, public_names


@pytest.mark.parametrize("package", PACKAGES)
def test_exported_names_are_kept(package: str) -> None:
    assert public_names()[package] == kept("public_names")[package]


def test_commands_are_kept() -> None:
    assert command_line().keys() == kept("command_line").keys()


@pytest.mark.parametrize("command", kept("command_line"))
def test_options_are_kept(command: str) -> None:
    assert command_line()[command] == kept("command_line")[command]


SHARED = {"model", "models", "data", "opening"}  # records and options that every command has alike


def test_no_command_takes_many_parameters_of_its_own() -> None:
    from featurelens.scripts.cli import app

    for registered in app.registered_commands:
        function = registered.callback
        assert function is not None
        names = getattr(function, "own_parameters", None) or tuple(inspect.signature(function).parameters)
        own = [name for name in names if name not in SHARED]
        assert len(own) <= 8, f"{registered.name} takes {', '.join(own)}"
