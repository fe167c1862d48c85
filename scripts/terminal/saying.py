"""What a command says: each line in letters that a terminal shows and does not obey."""

from __future__ import annotations

import typer

from featurelens.models.visible_text import visible


def say(text: object, *, err: bool = False) -> None:
    """Print a text, its line breaks kept, all other letters that cannot be shown made visible.

    Args:
        text: The text.
        err: To stderr.
    """
    typer.echo("\n".join(visible(line) for line in str(text).split("\n")), err=err)
