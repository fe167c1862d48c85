"""SVG in few letters: short numbers, colours that follow the page, text that stays text."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from markupsafe import escape

from .letters import ASCENT, DESCENT
from .roles import ROLES

_ROLE_OF = {color: role for role, color in ROLES.items()}
_ANCHORS = {"center": "middle", "right": "end"}
_DASHES = {"--": (3.7, 1.6), ":": (1, 1.65)}  # matplotlib's, in widths of the line


def number(value: float) -> str:
    """A coordinate to a tenth of a point.

    >>> [number(value) for value in (0.04, -0.04, 12.0, 3.25)]
    ['0', '0', '12', '3.2']
    """
    text = f"{value:.1f}"
    text = text[:-2] if text.endswith(".0") else text
    return "0" if text == "-0" else text


def colored(color: str) -> str:
    """The colour of a role, as a variable of the page."""
    return f"var(--{_ROLE_OF[color]}, {color})" if color in _ROLE_OF else color


def attributes(**named: Any) -> str:
    """Attributes of an element; those that are None or empty are left out, `_` stands for `-`.

    >>> attributes(stroke_width=2, fill=None)
    ' stroke-width="2"'
    """
    return "".join(
        f' {name.replace("_", "-")}="{value}"' for name, value in named.items() if value is not None and value != ""
    )


def stroke(style: dict[str, Any], width: float = 1.5) -> dict[str, Any]:
    """What a line looks like, of matplotlib's words for it."""
    wide = style.get("linewidth", width)
    line = style.get("linestyle", "-")
    dash = _DASHES.get(line, ()) if isinstance(line, str) else line[1]
    return {
        "fill": "none",
        "stroke": colored(style["color"]),
        "stroke_width": f"{wide:g}",
        "stroke_dasharray": " ".join(f"{part * wide:.3g}" for part in dash),
        "stroke_opacity": style.get("alpha"),
    }


def path(points: Iterable[tuple[float, float]]) -> str:
    """A line through points in points of the paper; level and upright pieces by their one number.

    >>> path([(0, 0), (4, 0), (4, 2), (4, 2), (5, 3)])
    'M0 0H4V2L5 3'
    """
    made, at = [], ("", "")
    for x, y in points:
        now = number(x), number(y)
        if not made:
            made.append(f"M{now[0]} {now[1]}")
        elif now != at:
            made.append(f"H{now[0]}" if now[1] == at[1] else f"V{now[1]}" if now[0] == at[0] else f"L{now[0]} {now[1]}")
        at = now
    return "".join(made)


def letters(text: str, x: float, y: float, size: float, style: dict[str, Any], *, turned: float = 0) -> str:
    """A text of one or more lines; its place and alignment as matplotlib takes them, but downwards."""
    lines = text.replace(r"\$", "$").split("\n")
    tall = 1.2 * (len(lines) - 1) * size
    va = style.get("va", "bottom")
    first = y + size * {"top": ASCENT, "center": (ASCENT - DESCENT) / 2 + 0.08}.get(va, -DESCENT)
    first -= {"top": 0, "center": tall / 2}.get(va, tall)
    written = []
    for place, line in enumerate(lines):
        at = {"x": number(x), "y": number(first + 1.2 * size * place)}
        if turned:
            at = {"transform": f"translate({number(x)} {number(first)}) rotate({-turned:g})"}
        kind = {
            "font_size": f"{size:g}",
            "font_weight": style.get("fontweight"),
            "text_anchor": _ANCHORS.get(style.get("ha", "left")),
            "fill": colored(style["color"]) if "color" in style else None,
        }
        written.append(f"<text{attributes(**at, **kind)}>{escape(line)}</text>")
    return "".join(written)
