"""The service with its model made slower by so many times: `python -m ...measuring.slowed_model PORT TIMES`.

A generator on the same two processors cannot ask ten times as much as the model answers; of a slower model it can.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from typing import Any

from featurelens.scripts.options.opening import DEFAULT_MODEL, Opening
from featurelens.scripts.serving.command import Limits, prepared, run_service, to_so_many_threads
from featurelens.scripts.serving.connections.addresses import bound
from featurelens.scripts.serving.settings import Settings

_FIRST = 5  # times that a size of batch is run when it is first seen, of which the least is taken


def main() -> None:
    """Serve the shipped model until ended."""
    port, times = int(sys.argv[1]), float(sys.argv[2])
    to_so_many_threads(1)
    served = prepared(DEFAULT_MODEL, DEFAULT_MODEL, "fashion_mnist", None, Opening(), Limits())
    quick = served.programs.answers

    least: dict[tuple[Any, int], float] = {}  # seconds of a batch: an accident is not to be ten times as long, too

    def slow(key: Any, rows: Sequence[Any]) -> Any:
        size, found = (key, len(rows)), None
        for _ in range(1 if size in least else _FIRST):
            began = time.monotonic()
            found = quick(key, rows)
            least[size] = min(time.monotonic() - began, least.get(size, float("inf")))
        time.sleep((times - 1) * least[size])
        return found

    served.programs.answers = slow  # type: ignore[method-assign]  # of this measurement alone
    settings = Settings(port=port, log=False)
    with bound(settings.host, port) as sockets:
        run_service([served], settings, sockets)


if __name__ == "__main__":
    main()
