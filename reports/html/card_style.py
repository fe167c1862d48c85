"""The style of the page's card for a card that stands elsewhere: the page's own rules and colours, for what is inside of it only.

A notebook has a style of its own, and its root's letters may have another size: so each rule is held to the card, sizes are in
pixels, and the card has its own ground, light or dark as the notebook is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from markupsafe import Markup

from .page import style

_PARTS = re.compile(
    r"\.(card-head|pair-names|big|probs|says|cams|map-pair|note|scale|scale-bar|scale-\w+|t|p)(?![\w-])"
)
_INSIDE = re.compile(r"^\.card (?=h2|h3|figcaption)")
_REM = re.compile(r"(?<![\w.])(\d*\.?\d+)rem")
_DARK = (  # where a notebook says that it is dark: JupyterLab, VS Code, Colab
    '[data-jp-theme-light="false"]',
    ".vscode-dark",
    "[theme=dark]",
)
_LIGHT = ('[data-jp-theme-light="true"]', ".vscode-light", "[theme=light]")


def card_style(scope: str = ".featurelens-card") -> Markup:
    """The rules of the card for what is inside of `scope`."""
    sheet = str(style(()))
    light, dark = _colors(sheet)
    own = (
        f"{scope}{{{light};background:var(--panel);color:var(--ink);font:15px/1.5 var(--sans);font-variant-numeric:"
        "tabular-nums;padding:14px 18px;max-width:46rem;border-radius:6px;text-align:left}"
        f"@media (prefers-color-scheme:dark){{{scope}{{{dark}}}}}"
        f"{','.join(f'{where} {scope}' for where in _LIGHT)}{{{light}}}"
        f"{','.join(f'{where} {scope}' for where in _DARK)}{{{dark}}}"
        f"{scope} *{{box-sizing:border-box}}{scope} :is(figure,p){{margin:0}}"
        f"{scope} figcaption{{white-space:pre-line}}{scope} img{{width:100%;display:block;image-rendering:pixelated}}"
    )
    rules = "".join(f"{selectors}{{{body}}}" for selectors, body in _rules(sheet, scope))
    return Markup(_REM.sub(lambda found: f"{16 * float(found[1]):g}px", own + rules))


def _rules(sheet: str, scope: str) -> Iterator[tuple[str, str]]:
    """The rules of the sheet that speak of a part of the card, each held to the scope."""
    wide = sheet[: sheet.index("@media (max-width")]
    colors = "".join(line for line in sheet.splitlines() if line.startswith(".scale-"))
    for selectors, body in re.findall(r"([^{}]+)\{([^{}]*)\}", wide + colors):
        kept = [
            each.strip() for each in selectors.split(",") if _INSIDE.match(each.strip()) or _PARTS.match(each.strip())
        ]
        if kept:
            yield ",".join(f"{scope} {_INSIDE.sub('', each)}" for each in kept), body


def _colors(sheet: str) -> tuple[str, str]:
    """The page's colours by name, in the light and in the dark."""
    light, dark = re.findall(r":root\{([^{}]*)\}", sheet)[:2]
    return light, dark
