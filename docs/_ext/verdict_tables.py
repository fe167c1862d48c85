"""Tables of the verdicts in `measured/verdicts.json`: a method on each shipped model, and all methods beside each other."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

SOURCE = Path(__file__).parent.parent / "measured" / "verdicts.json"
QUESTIONS = {  # {as it is measured: as a column is headed}
    "random order": "better than chance",
    "brightness order": "better than brightness",
    "randomised weights": "likeness, weights shuffled",
}


class OneMethod(SphinxDirective):
    """`{verdicts} Grad-CAM`: how far the method can be trusted on each shipped model."""

    required_arguments, final_argument_whitespace = 1, True

    def run(self) -> list[nodes.Node]:
        """The table, and what it was measured on."""
        known, method = _measured(self), self.arguments[0]
        rows = [
            [name, _level(found["methods"][method]), *(_told(found["methods"][method][each]) for each in QUESTIONS)]
            for name, found in known["models"].items()
            if method in found["methods"]
        ]
        if not rows:
            raise self.error(f"no shipped model was measured with {method}: python docs/measure.py")
        return [_table(["model", "verdict", *QUESTIONS.values()], rows), _origin(known)]


class AllMethods(SphinxDirective):
    """`{verdict-overview}`: each method's verdict on each shipped model."""

    def run(self) -> list[nodes.Node]:
        """The table, and what it was measured on."""
        known = _measured(self)
        models = known["models"]
        names = list(dict.fromkeys(method for found in models.values() for method in found["methods"]))
        rows = [[name, *(_level(found["methods"].get(name)) for found in models.values())] for name in names]
        return [_table(["method", *(name.replace("_", " ") for name in models)], rows), _origin(known)]


def _measured(directive: SphinxDirective) -> Any:
    directive.env.note_dependency(str(SOURCE))
    return json.loads(SOURCE.read_text("utf-8"))


def _level(found: Any) -> nodes.Node:
    level = "refused" if found is None else found["level"]
    return nodes.inline("", level, classes=["level", f"level-{level}"])


def _told(figure: Any) -> str:
    if figure["mean"] is None:
        return "not to be compared"
    return f"{figure['mean']:.2f} ({figure['low']:.2f} to {figure['high']:.2f})"


def _origin(known: Any) -> nodes.Node:
    versions = ", ".join(f"{name} {number}" for name, number in known["versions"].items())
    return nodes.paragraph(
        "",
        f"Fashion-MNIST's test images: for the first two figures 1,000 for methods of a pass or two and 100 for the others, "
        f"for the third 64 and 24. Intervals of 95 %. Measured on {known['date']} by python docs/measure.py ({versions}).",
        classes=["origin"],
    )


def _table(head: list[str], rows: list[list[Any]]) -> nodes.Node:
    group = nodes.tgroup("", *(nodes.colspec(colwidth=1) for _ in head), cols=len(head))
    group += nodes.thead("", _row(head))
    group += nodes.tbody("", *map(_row, rows))
    return nodes.container("", nodes.table("", group), classes=["wide-table"])


def _row(cells: list[Any]) -> nodes.Node:
    held = (cell if isinstance(cell, nodes.Node) else nodes.Text(cell) for cell in cells)
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", cell)) for cell in held))


def setup(app: Sphinx) -> dict[str, Any]:
    """Make the two directives known."""
    app.add_directive("verdicts", OneMethod)
    app.add_directive("verdict-overview", AllMethods)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
