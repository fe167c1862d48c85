"""The lessons as notebooks: `featurelens course`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from featurelens.scripts.terminal.saying import say


def course(
    folder: Annotated[Path, typer.Argument(help="Where the notebooks go; it is made where it is missing.")] = Path(
        "course"
    ),
    solutions: Annotated[
        bool, typer.Option("--solutions", help="The solved ones too, with their outputs: each is run, in some minutes.")
    ] = False,
) -> None:
    """Write the five lessons as notebooks, with exercises that check themselves.

    For teachers: goals, timing, common wrong ideas and exam questions stand in TEACHING.md beside them.
    """
    from featurelens.course.notebooks import LESSONS, write

    target = folder.expanduser().absolute()
    if target.exists() and not target.is_dir():
        raise ValueError(f"Expected a folder for the lessons. Received the file '{target}'. Name another one.")
    written = write(target, solutions=solutions)
    (target / "TEACHING.md").write_text((LESSONS.parent / "TEACHING.md").read_text(encoding="utf-8"), encoding="utf-8")
    say(f"Wrote {len(written)} notebooks into {target}. Open the first one: jupyter lab {written[0]}")


if __name__ == "__main__":
    from featurelens.scripts.terminal.running import run_alone

    run_alone("course", course)
