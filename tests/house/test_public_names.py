"""Names and options that users rely on change only on purpose: then `python tests/house/snapshots.py` writes them anew."""

from __future__ import annotations

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
