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


OF_EACH_ITS_OWN = {  # words that stand for another thing in another command
    "--batch-size",
    "--data",
    "--epochs",
    "--image",
    "--images",
    "--layer",
    "--masks",  # where the objects are; the class of each pixel
    "--method",
    "--output",
    "--scale",  # the range of the pixels; the benchmark of large sets
    "--quiet",
    "--seed",
    "--training-data",
}


def test_no_command_takes_more_than_eight_parameters() -> None:
    from featurelens.scripts.cli import app

    for registered in app.registered_commands:
        function = registered.callback
        assert function is not None
        names = getattr(function, "own_parameters", None) or tuple(inspect.signature(function).parameters)
        assert len(names) <= 8, f"{registered.name} takes {', '.join(names)}"


def test_an_option_of_several_commands_is_described_alike() -> None:
    """One word, one thing: it is defined once, unless it is another thing in each command that has it."""
    seen: dict[str, dict[str, list[str]]] = {}
    for command, written in command_line().items():
        for name, option in written["options"].items():
            seen.setdefault(name, {}).setdefault(str(option["help"]), []).append(command)
    apart = {name for name, told in seen.items() if len(told) > 1 and name.startswith("--")}
    assert apart == OF_EACH_ITS_OWN, f"described otherwise in each of {', '.join(sorted(apart - OF_EACH_ITS_OWN))}"
