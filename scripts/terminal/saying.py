"""What a command says: each line in letters that a terminal shows and does not obey."""

from __future__ import annotations

import sys

from featurelens.models.visible_text import visible


def say(text: object, *, err: bool = False) -> None:
    """Print a text, its line breaks kept, all other letters that cannot be shown made visible.

    Args:
        text: The text.
        err: To stderr.
    """
    # Click's echo would write UTF-8 to a terminal of ASCII.
    print(
        "\n".join(visible(line) for line in str(text).split("\n")), file=sys.stderr if err else sys.stdout, flush=True
    )
