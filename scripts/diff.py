"""What changed between two reports on the same images: `featurelens diff OLD.json NEW.json`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from featurelens.scripts.options.outputs import check_page_outputs
from featurelens.scripts.terminal.saying import say


def diff(
    old: Annotated[Path, typer.Argument(help="What `featurelens report --json` wrote.")],
    new: Annotated[Path, typer.Argument(help="The same of a later model, on the same images.")],
    output: Annotated[Path, typer.Option(help="The HTML file to write.")] = Path("featurelens-diff.html"),
) -> None:
    """Compare two reports: mistakes that went and came, accuracy, how maps moved, trust, channels.

    Maps and pictures are shown where both were written with --arrays, and the files lie beside each other.
    """
    target = output.expanduser().absolute()
    check_page_outputs([target], files=[old, new])
    from featurelens.reports.comparison.diff_page import headline, write_diff

    path, found = write_diff(old, new, output)
    say(f"{headline(found)} Wrote {path} ({path.stat().st_size / 1e6:.1f} MB). Open it in a browser.")


if __name__ == "__main__":
    from featurelens.scripts.terminal.running import run_alone

    run_alone("diff", diff)
