"""Equations as MathML, which browsers draw themselves: no script from elsewhere, readable offline and by screen readers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.util import logging

_SIZES = re.compile(r"\\[bB]igg?[lr]?(?![a-zA-Z])")  # brackets grow by themselves
_LOG = logging.getLogger(__name__)


def inline(writer: Any, node: nodes.Node) -> None:
    """An equation in a line of text."""
    writer.body.append(_drawn(node))
    raise nodes.SkipNode


def block(writer: Any, node: nodes.Node) -> None:
    """An equation of its own lines, which scrolls where the window is narrow."""
    writer.body.append(f'<div class="equation" tabindex="0">{_drawn(node, as_block=True)}</div>')
    raise nodes.SkipNode


def _drawn(node: nodes.Node, **how: bool) -> str:
    try:
        return tex2mathml(_SIZES.sub("", node.astext()), **how)
    except MathError as error:
        _LOG.warning("an equation that cannot be drawn: %s", error, location=node)
        return ""


def setup(app: Sphinx) -> dict[str, Any]:
    """Make it the renderer of every page."""
    visits: list[tuple[Callable[[Any, Any], None], None]] = [(inline, None), (block, None)]
    app.add_html_math_renderer("mathml", *visits)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
