"""How a command ends, as a number for scripts and CI: each exit of `featurelens` is one of these."""

from __future__ import annotations

DONE = 0
REFUSED = 1  # an input was refused, or the work failed
USAGE = 2  # an option or a command that there is not
BELOW_THRESHOLD = 3  # all was done, and a threshold that the user set was not kept
INTERRUPTED = 130  # Ctrl-C; by custom 128 + SIGINT

MEANINGS = {
    DONE: "done",
    REFUSED: "refused or failed",
    USAGE: "wrong usage",
    BELOW_THRESHOLD: "a threshold was not kept",
    INTERRUPTED: "interrupted",
}


def listed() -> str:
    """All of them in a sentence, for the help."""
    return f"Exit codes: {', '.join(f'{code} {meaning}' for code, meaning in MEANINGS.items())}."
