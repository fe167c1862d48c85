"""The page: sections, style, pictures and data in one HTML file that asks nobody for anything.

Everything is inside the file, and a content security policy forbids the browser to fetch anything else. Text is
escaped by Jinja; what is HTML already comes as `Markup` (`components.py`, `tiles.py`), and a plain `str` is shown as
text. A page is a bar with tabs and one view for each; without JavaScript all views are stacked and complete. The program
(templates/scripts) shows one at a time, and draws what would be thousands of elements from the payload when it is asked for.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

import jinja2
from markupsafe import Markup

from ..drawing.colors import ColorScale, css_gradient
from .program import program
from .tiles import Sprite, sprite_css
from .used_style import used_style

_PLOT = re.compile(r'<svg [^>]*class="plot".*?</svg>', re.DOTALL)
_PLOT_ID = re.compile(r'(?<=[#".])p[0-9a-f]{8}-')  # what `plots.plot` begins each id, reference and style with
_PERCENT = re.compile(r"(?<=\d) %(?=[^<>]*<)")  # a number and its sign stay on one line
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
    about: str = ""  # beside the title in the bar: on which data
    logo: str = ""  # a picture as a `data:` address


@dataclass(frozen=True, eq=False)
class Section:
    """A part of the page, with its entry in the table of contents."""

    id: str  # a-z, 0-9 and hyphens
    title: str
    html: Markup
    lead: str = ""  # the question that the section answers
    parts: Sequence[tuple[str, str]] = ()  # (id, title) of the parts to list below it
    view: str = ""  # the tab that it stands in; empty: a tab of its own


@dataclass(frozen=True, eq=False)
class View:
    """A tab of the page, and what stands in it."""

    id: str  # a-z, 0-9 and hyphens; it is reached at #/id
    title: str
    note: str = ""  # beside its title, such as how many
    front: Markup | None = None  # in place of its heading
    sections: Sequence[Section] = ()


def views_of(sections: Sequence[Section], named: Sequence[View] = ()) -> list[View]:
    """The named views with their sections, then a view for each section that names none."""
    views = [replace(view, sections=[section for section in sections if section.view == view.id]) for view in named]
    known = {view.id for view in named}
    alone = [section for section in sections if section.view not in known]
    shown = [view for view in views if view.sections or view.front is not None]
    return [*shown, *(View(section.id, section.title, sections=[section]) for section in alone)]


def render_page(
    title: str,
    sections: Sequence[Section],
    header: Header,
    sprites: Sequence[Sprite] = (),
    data: Mapping[str, Any] | None = None,
    *,
    views: Sequence[View] = (),
    payload: Mapping[str, Any] | None = None,
) -> str:
    """Return the whole page.

    Args:
        title: its title.
        sections: in order.
        header: what stands above them.
        sprites: every sprite that a tile of the sections belongs to, each name once.
        data: a machine-readable twin, put into `<script type="application/json" id="twin">`.
        views: the tabs; a section that stands in none of them gets one of its own.
        payload: what the page's program draws from.
    """
    script = program()
    refuse_twins("sections", [section.id for section in sections])
    refuse_twins("sprites", [sprite.name for sprite in sprites])
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True
    )
    page = environment.get_template("page.html.j2").render(
        title=title,
        views=views_of(sections, views),
        header=header,
        css="",
        js=script,
        hash=base64.b64encode(hashlib.sha256(script.encode("utf-8")).digest()).decode("ascii"),
        data=None if data is None else json_for_page(data),
        payload=None if payload is None else json_for_page(payload),
    )
    page = _with_style(_with_bound_percent(_with_equal_plots_apart(page)), sprites)
    refuse_twins("parts of the page", _ID.findall(page))
    return page


def _with_style(page: str, sprites: Sequence[Sprite]) -> str:
    """The page with what it needs of the style sheet, and with all of its sprites."""
    before, after = page.split("<style>\n", 1)
    pictures = "".join(sprite_css(sprite) for sprite in sprites)
    return f"{before}<style>\n{used_style(style(()), page)}{pictures}{after}"


def _with_bound_percent(page: str) -> str:
    """The page with a no-break space before each percent sign of its text; its data stay as they are."""
    shown, between, data = page.partition('<script type="application/json"')
    return _PERCENT.sub("\u00a0%", shown) + between + data


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
    text = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    return compact_css(text) + Markup("").join(scales) + Markup("").join(sprite_css(sprite) for sprite in sprites)


def compact_css(text: str) -> Markup:
    """A style sheet without remarks and needless spaces.

    >>> compact_css("a:hover > b, i { color: red; margin: 0 1px; }  /* why */")
    Markup('a:hover>b,i{color:red;margin:0 1px}\\n')
    """
    bare = re.sub(r"/\*.*?\*/|(?<=[{};,])\s+|(?<=[a-z]:) |\s+(?=[{}])", "", text.strip(), flags=re.DOTALL)
    return Markup(re.sub(r"\n+", "", bare).replace(";}", "}").replace(" > ", ">") + "\n")


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
