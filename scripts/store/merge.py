"""Join stores of parts of the data: `featurelens merge`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from featurelens.scripts.options.records import takes_records
from featurelens.scripts.terminal.saying import say


@takes_records
def merge(
    stores: Annotated[list[Path], typer.Argument(help="What `featurelens extract` wrote, in the order of the images.")],
    output: Annotated[Path, typer.Option(help="The new store.")],
    mixed: Annotated[
        bool,
        typer.Option("--mixed", help="Take units of several kinds of machines; each notes where it was made."),
    ] = False,
) -> None:
    """Join stores of parts of the data into one, as if one process had seen all images."""
    from featurelens.reports.store.joining import join_stores
    from featurelens.scripts.terminal.progress import whole_shown

    root = output.expanduser().absolute()
    with whole_shown({"images": 1.0}) as step:
        store = join_stores([path.expanduser() for path in stores], root, mixed=mixed, progress=step)
    say(f"Wrote {root}: {len(store):,} images of {len(stores)} stores, content {store.digest[:16]}.")


if __name__ == "__main__":
    from featurelens.scripts.terminal.running import run_alone

    run_alone("merge", merge)
