"""What is written down of a fault in the model's thread."""

from __future__ import annotations

import sys
import traceback


def write_down(error: Exception) -> None:
    """A fault of ours, for who runs the service: the client is not told its trace. What a client can mend is none."""
    if not isinstance(error, ValueError):
        sys.stderr.write("".join(traceback.format_exception(error)))
