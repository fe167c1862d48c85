"""What was meant by a command line that cannot be read: a path without its option, an option by its first letter."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

from typer.core import TyperCommand

_MODELS = (".keras", ".h5", ".hdf5")
_DATA = (".npz", ".npy", ".csv", ".gz", ".idx")
_OPTION_OF = {"picture": ("--image", "--data"), "data": ("--data",)}  # the first that a command has


class HelpfulCommand(TyperCommand):
    """A command that says what was meant."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Read the words behind the command.

        Raises:
            UsageError: They cannot be read; the error names what was meant where that can be told.
        """
        typed = list(args)
        try:
            return super().parse_args(ctx, args)
        except Exception as error:
            known = [name for option in self.params for name in option.opts if name.startswith("--")]
            _add(error, typed, known)
            raise


def _add(error: Any, typed: list[str], known: list[str]) -> None:
    """Say what was meant, in an error of the command line."""
    letter = getattr(error, "option_name", "")
    if len(letter) == 2:  # -o: those that begin with it
        error.possibilities = [name for name in known if name.startswith(f"-{letter}")]
    elif "extra argument" in getattr(error, "message", ""):
        error.message += _meant(error.message, typed, known)


def _meant(message: str, typed: list[str], known: list[str]) -> str:
    """The option for the first path among the words that nobody asked for; empty where there is none."""
    for word in typed:
        options = _OPTION_OF.get(kind_of_file(word) or "", ()) if word in message else ()
        found = next((name for name in options if name in known), None)
        if found is not None:
            return f". Did you mean {found} {shlex.quote(word)}?"
    return ""


def refuse_file_as_command(word: str) -> None:
    """Say which command was meant where a command line begins with a model, a picture or data.

    Raises:
        ValueError: It does.
    """
    what = kind_of_file(word) if word else None  # Path("") is the folder that one is in
    if what is None:
        return
    meant = {
        "model": f"featurelens report {shlex.quote(word)}",
        "picture": explaining(word),
        "data": f"featurelens report MODEL --data {shlex.quote(word)}",
    }[what]
    raise ValueError(f"Expected a command first. Received the {what} '{word}'. Did you mean: {meant}?")


def kind_of_file(word: str) -> str | None:
    """'model', 'picture' or 'data', by the name of a file or folder or as a shipped model; None for any other word."""
    from featurelens.models.model_files.loading import shipped_models

    path = Path(word)
    if path.suffix.lower() in _MODELS or (path / "saved_model.pb").is_file() or word in shipped_models():
        return "model"
    if _is_picture(path):
        return "picture"
    return "data" if _is_data(path) else None


def explaining(picture: str) -> str:
    """The command that explains a picture."""
    return f"featurelens explain MODEL --image {shlex.quote(picture)}"


def _is_picture(path: Path) -> bool:
    from featurelens.models.formats.image_files import is_picture_name

    return is_picture_name(path.name)


def _is_data(path: Path) -> bool:
    if path.suffix.lower() in _DATA:
        return True
    return path.is_dir() and not (path / "saved_model.pb").exists() and any(entry.is_dir() for entry in path.iterdir())
