"""Plots that a page can show in light and dark: charts are written as SVG here, all else is drawn by matplotlib.

Every colour is a role (`INK`, `MUTED`, `SERIES[0]`, ...). A figure is drawn in the light page's colours; in the SVG
each becomes `var(--role, colour)`, so that the same file follows the page's style there and looks right alone. Text
stays text: small, searchable, in the page's own font. Figures are objects; matplotlib's global state is not touched, and it
is imported when it draws.
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import escape

from .charts.chart import Chart
from .charts.roles import DASHES, INK, LINE, MUTED, ON_ACCENT, ROLES, SERIES, series_style
from .charts.writing import chart_svg
from .compact_svg import compact_svg

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "DASHES",
    "INK",
    "LINE",
    "MUTED",
    "ON_ACCENT",
    "ROLES",
    "SERIES",
    "Chart",
    "Plot",
    "axes",
    "for_page",
    "plain",
    "series_style",
]

STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "featurelens",
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": MUTED,
    "axes.edgecolor": LINE,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


_LONG_WORD = re.compile(r"\S{41,}")
DECIMALS = re.compile(r"-?\d+\.\d{3,}")  # of coordinates; two decimals are finer than a pixel
PIXELS = 1.25  # CSS pixels for each unit of the drawing: text of 10 is shown as 12.5


@dataclass(frozen=True, eq=False)
class Plot:
    """What is drawn, and the words for those who cannot see it."""

    drawing: Chart | Figure
    title: str  # what is shown
    description: str  # what it says, in a sentence

    @property
    def figure(self) -> Figure:
        """The figure of matplotlib's."""
        if not isinstance(self.drawing, Chart):
            return self.drawing
        from .charts.replayed import on_matplotlib

        return on_matplotlib(self.drawing, STYLE)

    def svg(self) -> str:
        """Return the figure as SVG for a page: its own ids, no date, colours that follow the page's style."""
        if isinstance(self.drawing, Chart):
            body, width, height = chart_svg(self.drawing)
            return _element(f"{body}</svg>", width, height, self.title, self.description)
        import matplotlib

        buffer = io.StringIO()
        with matplotlib.rc_context(STYLE), warnings.catch_warnings():
            warnings.filterwarnings(
                "ignore", r"Glyph .* missing from font"
            )  # text stays text, in the reader's own fonts
            self.drawing.savefig(buffer, format="svg", transparent=True, metadata={"Date": None})
        return for_page(buffer.getvalue(), self.title, self.description)

    def png(self, dpi: int = 144) -> bytes:
        """Return the figure as PNG on white, in the light page's colours."""
        import matplotlib

        buffer = io.BytesIO()
        with matplotlib.rc_context(STYLE):
            self.figure.savefig(buffer, format="png", dpi=dpi, facecolor="white")
        return buffer.getvalue()


def axes(width: float, height: float) -> tuple[Figure, Axes]:
    """Return a new figure of matplotlib's of width x height inches (90 CSS pixels each) with one pair of axes."""
    import matplotlib
    from matplotlib.figure import Figure

    with matplotlib.rc_context(STYLE):
        figure = Figure(figsize=(width, height), layout="constrained")
        drawn = figure.subplots()
    drawn.tick_params(length=0)
    drawn.set_axisbelow(True)
    return figure, drawn


def plain(text: str) -> str:
    """Return a name from outside as matplotlib takes it literally: a dollar sign would start a formula.

    A word of more than 40 letters, which leaves no room for the plot, ends in an ellipsis; tables have the whole name.
    """
    return _LONG_WORD.sub(lambda word: f"{word[0][:39]}…", str(text)).replace("$", r"\$")


def for_page(svg: str, title: str, description: str) -> str:
    """Return matplotlib's SVG as an element of a page; see the module's text for what changes."""
    body = svg[svg.index("<svg") :]
    width, height = (float(size) for size in re.findall(r'(?:width|height)="([\d.]+)pt"', body)[:2])
    body = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", body, flags=re.DOTALL)
    body, prefix = own_ids(body[body.index(">") + 1 :])
    body = re.sub(r"font-family: [^;\"]*;? ?", "", body)
    body = re.sub(r"<[^>]*>", lambda tag: DECIMALS.sub(lambda number: f"{float(number[0]):.2f}", tag[0]), body)
    for role, color in ROLES.items():
        body = body.replace(color, f"var(--{role}, {color})")
    body = compact_svg(re.sub(r">\s+<", "><", body), prefix)
    return _element(body, width, height, title, description)


def _element(body: str, width: float, height: float, title: str, description: str) -> str:
    """The `<svg>` around what is drawn.

    Args:
        body: what it holds, closed or not.
        width: of the drawing, points.
        height: of the drawing, points.
        title: what is shown.
        description: what it says.
    """
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="plot" role="img" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width * PIXELS:g}" height="{height * PIXELS:g}" style="--natural:{width * PIXELS:g}px" '
        f'font-family="system-ui, sans-serif" fill="var(--ink, {INK})" stroke-linejoin="round">'
        f"<title>{escape(title)}</title><desc>{escape(description)}</desc>{body}"
    )


def own_ids(body: str) -> tuple[str, str]:
    """Keep only the ids that something refers to, each with a prefix made from the drawing itself; and the prefix."""
    prefix = f"p{hashlib.sha256(body.encode()).hexdigest()[:8]}-"
    body = body.replace("xlink:href", "href")
    used = set(re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', body))
    names = {first or second for first, second in used}
    body = re.sub(r' id="([^"]+)"', lambda found: f' id="{prefix}{found[1]}"' if found[1] in names else "", body)
    return re.sub(r'(href="#|url\(#)', rf"\g<1>{prefix}", body), prefix
