"""The lessons of the course as pages to read: their words and the students' cells, without outputs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from featurelens.course.notebooks import lessons, notebook


def written(app: Sphinx) -> None:
    """Write each lesson as Markdown into `docs/course/`, where it is not there or has changed."""
    for path in lessons():
        target = Path(app.srcdir) / "course" / f"{path.stem}.md"
        text = as_markdown(notebook(path, solved=False))
        if not target.is_file() or target.read_text("utf-8") != text:
            target.write_text(text, encoding="utf-8")


def as_markdown(made: Any) -> str:
    """A notebook's cells, code between fences."""
    cells = (cell.source if cell.cell_type == "markdown" else f"```python\n{cell.source}\n```" for cell in made.cells)
    return "\n\n".join(cells) + "\n"


def setup(app: Sphinx) -> dict[str, Any]:
    """Before the pages are read."""
    app.connect("builder-inited", written)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
