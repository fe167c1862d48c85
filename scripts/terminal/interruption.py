"""What a command says at Ctrl-C, where it knows more than that no half-written file is left."""

from __future__ import annotations


class Interrupted(Exception):
    """Ctrl-C reached a command that can be resumed; its message says how.

    Raised in place of the KeyboardInterrupt, of which the command line only says that nothing is half written.
    """
