"""The part of the style sheet that a page needs: pages of one look share a sheet, and each carries what it names.

A rule stays where every class and id that it asks for is written in the page, in its markup or in its program; what stands
within `:is()`, `:not()` or `:has()` is not asked for. Where the program joins a name from parts, its beginning is enough.
"""

from __future__ import annotations

import re

from markupsafe import Markup

_RULE = re.compile(r"([^{}]+)\{([^{}]*)\}")
_BRACKETS = re.compile(r":(?:is|not|has)\((?:[^()]|\([^()]*\))*\)")
_SELECTOR = re.compile(r"(?:[^(),]|\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\))+")  # up to a comma outside of all brackets
_WORD = re.compile(r"[A-Za-z][\w-]*")
_NAME = re.compile(r"[.#]([A-Za-z][\w-]*)")


def used_style(sheet: str, page: str) -> Markup:
    """The rules of a compact style sheet that say something about the page.

    Args:
        sheet: As `compact_css` makes it.
        page: All that stands beside it: markup, then data, then the program in the last script.

    >>> used_style(".a b,.gone{x:1}.gone i{x:2}@media print{.a:not(.gone){x:3}}", '<p class="a">')
    Markup('.a b{x:1}@media print{.a:not(.gone){x:3}}')
    """
    markup, program = page.partition("<script")[0], page[page.rfind("<script>") :]
    words = set(_WORD.findall(markup)) | set(_WORD.findall(program))
    words |= {name for name in _NAME.findall(sheet) if f"{name[: name.rfind('-') + 1] or name}${{" in program}

    def kept(found: re.Match[str]) -> str:
        selectors = [each for each in _SELECTOR.findall(found[1]) if words.issuperset(_asked(each))]
        return f"{','.join(selectors)}{{{found[2]}}}" if selectors else ""

    return Markup(_RULE.sub(kept, sheet))


def _asked(selector: str) -> list[str]:
    """The names that a selector asks for."""
    return _NAME.findall(_BRACKETS.sub("", selector))
