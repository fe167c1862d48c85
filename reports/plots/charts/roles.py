"""The colours of the plots by what they are for: in a page each follows the page's style, light or dark."""

from __future__ import annotations

ROLES = {  # the variable in templates/style.css, and its colour on the light page
    "ink": "#1c2127",
    "muted": "#57616b",
    "line": "#d9dde0",
    "on-accent": "#fefefe",
    "series-1": "#1f5fbf",
    "series-2": "#a84a08",
    "series-3": "#17694f",
    "series-4": "#8b3fa0",
    "series-5": "#a83246",
    "series-6": "#6b6a1e",
}
INK, MUTED, LINE, ON_ACCENT, *SERIES = ROLES.values()
DASHES = ("-", (0, (5, 2)), (0, (1.5, 1.5)))  # series beyond the sixth are told apart by these


def series_style(number: int) -> dict:
    """Return colour and dash of the series with this number, from 0; the first 18 differ."""
    return {"color": SERIES[number % len(SERIES)], "linestyle": DASHES[number // len(SERIES) % len(DASHES)]}
