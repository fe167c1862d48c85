"""The page: sections, style, pictures and data in one HTML file that asks nobody for anything.

Everything is inside the file, and a content security policy forbids the browser to fetch anything else. Text is
escaped by Jinja; what is HTML already comes as `Markup` (`components.py`, `tiles.py`), and a plain `str` is shown as
text. Without JavaScript the page is complete; page.js only adds a filter for the mistakes and enlarges a picture.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import jinja2
from markupsafe import Markup

from ..drawing.colors import ColorScale, css_gradient
from .tiles import Sprite, sprite_css

_PLOT = re.compile(r'<svg [^>]*class="plot".*?</svg>', re.DOTALL)
_PLOT_ID = re.compile(r'(?<=[#"])p[0-9a-f]{8}-')  # what `plots.plot` begins each id and reference with
_ID = re.compile(r'<[a-z][^<>]*? id="([^"]*)"')  # of elements; what text holds is escaped
TEMPLATES = Path(__file__).parent / "templates"


@dataclass(frozen=True, eq=False)
class KeyFigure:
    """A number that a reader should see first."""

    label: str
    value: str
    note: str = ""


@dataclass(frozen=True, eq=False)
class Header:
    """What stands above all sections."""

    kicker: str  # one line above the title: what made this, from what
    lead: str  # one or two sentences below it
    figures: Sequence[KeyFigure] = ()
    footer: str = ""  # at the page's end


@dataclass(frozen=True, eq=False)
class Section:
    """A part of the page, with its entry in the table of contents."""

    id: str  # a-z, 0-9 and hyphens
    title: str
    html: Markup
    lead: str = ""  # the question that the section answers
    parts: Sequence[tuple[str, str]] = ()  # (id, title) of the parts to list below it


def render_page(
    title: str,
    sections: Sequence[Section],
    header: Header,
    sprites: Sequence[Sprite] = (),
    data: Mapping[str, Any] | None = None,
) -> str:
    """Return the whole page.

    Args:
        title: its title.
        sections: in order.
        header: what stands above them.
        sprites: every sprite that a tile of the sections belongs to, each name once.
        data: a machine-readable twin, put into `<script type="application/json" id="twin">`.
    """
    refuse_twins("sections", [section.id for section in sections])
    refuse_twins("sprites", [sprite.name for sprite in sprites])
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    page = environment.get_template("page.html.j2").render(
        title=title,
        sections=sections,
        header=header,
        css=style(sprites),
        js=Markup((TEMPLATES / "page.js").read_text(encoding="utf-8")),
        data=None if data is None else json_for_page(data),
    )
    page = _with_equal_plots_apart(page)
    refuse_twins("parts of the page", _ID.findall(page))
    return page


def _with_equal_plots_apart(page: str) -> str:
    """The page, where a plot that was drawn before has ids of its own: equal drawings have equal ids."""
    seen: Counter[str] = Counter()

    def renamed(found: re.Match[str]) -> str:
        plot, drawing = found[0], _PLOT_ID.search(found[0])
        if drawing is None:
            return plot
        seen[drawing[0]] += 1
        times = seen[drawing[0]]
        return plot if times == 1 else _PLOT_ID.sub(rf"\g<0>{times}-", plot)

    return _PLOT.sub(renamed, page)


def style(sprites: Sequence[Sprite]) -> Markup:
    """Return the page's style: the style sheet, the colour scales and the sprites."""
    scales = (Markup(f".scale-{scale}{{background:{css_gradient(scale)}}}\n") for scale in get_args(ColorScale))
    sheet = Markup((TEMPLATES / "style.css").read_text(encoding="utf-8"))
    return sheet + Markup("").join(scales) + Markup("").join(sprite_css(sprite) for sprite in sprites)


def json_for_page(data: Mapping[str, Any]) -> Markup:
    """Return JSON that cannot end the script element it is in: `<`, `>` and `&` are written as escapes.

    >>> json_for_page({"class": "</script>"})
    Markup('{"class":"\\\\u003c/script\\\\u003e"}')
    """
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


def refuse_twins(what: str, names: Sequence[str]) -> None:
    """Raise where two things of the page have one name: links and styles would take the wrong one."""
    twins = sorted(name for name, count in Counter(names).items() if count > 1)
    if twins:
        raise ValueError(
            f"Expected {what} with different names. Received {', '.join(twins)} more than once. Rename one."
        )
