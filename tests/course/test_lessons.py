"""Every lesson runs from its first cell to its last with the solutions, and the student's one has dots in their place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from featurelens.course.exercises import EXERCISES
from featurelens.course.notebooks import EXERCISE, SOLUTION, lessons, notebook, run
from featurelens.scripts.cli import main

IMAGES = "FEATURELENS_COURSE_IMAGES"
pytest.importorskip("jupytext")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning", "ignore::ResourceWarning")


@pytest.fixture(scope="module")
def kernel():
    """One for all lessons but the first, as TensorFlow takes longer to load than some of them to run."""
    from jupyter_client.manager import KernelManager

    manager = KernelManager(kernel_name="python3")
    yield manager
    if manager.has_kernel:
        manager.shutdown_kernel(now=True)
    manager.context.destroy()


def run_fresh(made, folder, kernel, images):
    """Run it in a kernel that has run others, without a variable of theirs."""
    import nbformat
    from nbclient import NotebookClient

    fresh = ["%reset -f", "import os", f"os.chdir({str(folder)!r})", f"os.environ[{IMAGES!r}] = '{images}'", "del os"]
    made.cells.insert(0, nbformat.v4.new_code_cell("\n".join(fresh)))
    client = NotebookClient(made, km=kernel, timeout=600)
    try:
        return client.execute()
    finally:
        client.kc.stop_channels()


@pytest.mark.parametrize("lesson", lessons(), ids=lambda path: path.stem)
def test_a_lesson_runs_and_its_solutions_are_right(lesson, kernel, tmp_path, monkeypatch):
    made, images = notebook(lesson, solved=True), "1200" if "5" in lesson.stem else "400"
    monkeypatch.setenv(IMAGES, images)
    made = run(made, tmp_path) if lesson == lessons()[0] else run_fresh(made, tmp_path, kernel, images)
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
