"""Every lesson runs from its first cell to its last with the solutions, and the student's one has dots in their place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from featurelens.course.exercises import EXERCISES
from featurelens.course.notebooks import EXERCISE, SOLUTION, lessons, notebook, run
from featurelens.scripts.cli import main

pytest.importorskip("jupytext")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::ResourceWarning")


@pytest.mark.parametrize("lesson", lessons(), ids=lambda path: path.stem)
def test_a_lesson_runs_and_its_solutions_are_right(lesson, tmp_path, monkeypatch):
    monkeypatch.setenv("FEATURELENS_COURSE_IMAGES", "1200" if "5" in lesson.stem else "400")
    made = run(notebook(lesson, solved=True), tmp_path)
    printed = "".join(
        output.get("text", "") for cell in made.cells if cell.cell_type == "code" for output in cell.outputs
    )
    assert "is not there yet" not in printed
    asked = re.findall(r'check\("(\d\.\d)"', lesson.read_text(encoding="utf-8"))
    assert asked and all(f"{number} is right" in printed for number in asked)


def test_every_exercise_is_in_a_lesson_with_its_solution():
    found = []
    for lesson in lessons():
        made = notebook(lesson, solved=False)
        text = "\n".join(cell.source for cell in made.cells)
        assert "{exercise" not in text and SOLUTION not in str([cell.metadata for cell in made.cells])
        found += re.findall(r"## Exercise (\d\.\d)", text)
        students, solved = (notebook(lesson, solved=each) for each in (False, True))
        kinds = ((students, EXERCISE), (solved, SOLUTION))
        tags = [sum(tag in cell.metadata.get("tags", []) for cell in each.cells) for each, tag in kinds]
        assert tags[0] == tags[1] == len(re.findall(r"## Exercise", text))
    assert found == list(EXERCISES)


def test_the_same_lesson_makes_the_same_notebook():
    first, second = (notebook(lessons()[0], solved=False) for _ in range(2))
    assert first == second


def run_command(capsys, *words):
    with pytest.raises(SystemExit) as stopped:
        main(["course", *map(str, words)])
    printed = capsys.readouterr()
    return stopped.value.code, printed.out + printed.err


def test_the_command_writes_them_once(tmp_path: Path, capsys):
    code, told = run_command(capsys, tmp_path / "mine")
    assert code == 0 and "Wrote 5 notebooks" in told
    names = sorted(path.name for path in (tmp_path / "mine").iterdir())
    assert names[0] == "TEACHING.md" and len(names) == 6
    answered = tmp_path / "mine" / names[1]
    answered.write_text("mine")
    code, told = run_command(capsys, tmp_path / "mine")
    assert code == 1 and "may hold answers" in told and answered.read_text() == "mine"
    (tmp_path / "file").write_text("x")
    assert "Received the file" in run_command(capsys, tmp_path / "file")[1]
