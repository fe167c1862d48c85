"""The lessons as notebooks: sources are percent files, which jupytext reads; exercises and solutions are cells with a tag."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from .exercises import EXERCISES

LESSONS = Path(__file__).parent / "lessons"
EXERCISE, SOLUTION = "exercise", "solution"
_FEWER = "FEATURELENS_COURSE_IMAGES"  # so many images at most, where a machine is slow or a test runs the lessons
_HEADING = re.compile(r"\{exercise (\d\.\d)\}")


def images_for(wanted: int) -> int:
    """How many images a lesson looks at: as many as it wants, or fewer where FEATURELENS_COURSE_IMAGES says so.

    Example:
        >>> images_for(2000) <= 2000
        True
    """
    return min(wanted, int(os.environ.get(_FEWER) or wanted))


def lessons() -> list[Path]:
    """The percent files, in order."""
    return sorted(LESSONS.glob("*.py"))


def notebook(path: Path, *, solved: bool) -> Any:
    """A lesson as a notebook: with the exercises for students, or with their solutions in the place of these.

    Raises:
        ImportError: jupytext is not installed.
    """
    made = _jupytext().read(path)
    dropped = EXERCISE if solved else SOLUTION
    made.cells = [cell for cell in made.cells if dropped not in cell.metadata.get("tags", [])]
    for place, cell in enumerate(made.cells):
        cell.id = f"cell-{place}"  # not random: the same lesson makes the same file
        if cell.cell_type == "markdown":
            cell.source = _HEADING.sub(_headed, cell.source)
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return made


def run(made: Any, folder: Path) -> Any:
    """The notebook with the outputs of its cells.

    Raises:
        nbclient.exceptions.CellExecutionError: A cell failed.
    """
    from nbclient import NotebookClient

    return NotebookClient(
        made, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()


def write(folder: Path, *, solutions: bool = False) -> list[Path]:
    """Write the lessons into a folder; with `solutions` also those, with their outputs.

    Raises:
        ValueError: A file of that name is there.
        ImportError: jupytext is not installed.
    """
    targets = {folder / f"{path.stem}.ipynb": (path, False) for path in lessons()}
    if solutions:
        targets |= {folder / "solutions" / f"{path.stem}.ipynb": (path, True) for path in lessons()}
    there = [target for target in targets if target.exists()]
    if there:
        raise ValueError(
            f"Expected a folder without the lessons. Received '{folder}' with {there[0].name} in it, which may hold answers. "
            f"Name another folder."
        )
    reader = _jupytext()
    for target, (path, solved) in targets.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        made = notebook(path, solved=solved)
        reader.write(run(made, folder) if solved else made, target, fmt="ipynb")
    return list(targets)


def _headed(found: re.Match[str]) -> str:
    exercise = EXERCISES[found[1]]
    return f"## Exercise {found[1]}: {exercise.title}\n\n*{exercise.heading}*"


def _jupytext() -> Any:
    try:
        import jupytext
    except ImportError as error:
        raise ImportError(
            'Expected jupytext for the notebooks. Received an environment without it. Run: pip install "featurelens[course]".'
        ) from error
    return jupytext
