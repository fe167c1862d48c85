"""A drawing of matplotlib's with fewer letters and the same look: no empty groups, short paths, each style written once."""

from __future__ import annotations

import re

_INVISIBLE = re.compile(r'<path [^>]*style="fill: none"\s*/>')  # neither filled nor stroked: the paper behind a plot
_NOT_TURNED = re.compile(r' transform="rotate\(-?0 [^)]*\)"')
_PATH = re.compile(r' d="([^"]*)"')
_STEP = re.compile(r"([MLCQZz])([^MLCQZz]*)")
_NUMBER = re.compile(r"-?\d+\.\d+")
_GROUP = re.compile(r"<g\b[^>]*>|</g>")
_STYLE = re.compile(r' style="([^"]*)"')
_TAG = re.compile(r"<[^>]*>")


def compact_svg(body: str, prefix: str) -> str:
    """What stands inside an `<svg>`, shorter.

    Args:
        body: As matplotlib writes it.
        prefix: Begins the names of the styles, so that two drawings on a page do not share them.

    Example:
        >>> compact_svg('<g><g id="a"><path d="M 0 1.50 \\nL 2 1.50 \\nz" style="stroke: red"/></g></g>', "p-")
        '<style>.p-0{stroke:red}</style><g id="a"><path d="M0 1.5H2z" class="p-0"/></g>'
    """
    body = _NOT_TURNED.sub("", _INVISIBLE.sub("", body))
    body = _TAG.sub(lambda tag: _NUMBER.sub(lambda number: number[0].rstrip("0").rstrip("."), tag[0]), body)
    body = _PATH.sub(lambda path: f' d="{_shorter(path[1])}"', body)
    return _with_styles_once(_without_bare_groups(body), prefix)


def _shorter(path: str) -> str:
    """The same path: level and upright lines by their one coordinate, a line to where it is as `h0`."""
    made, at = [], ("", "")
    for letter, rest in _STEP.findall(path):
        numbers = rest.split()
        if letter != "L" or len(numbers) != 2:
            made.append(letter + " ".join(numbers))
        elif numbers[1] == at[1]:
            made.append("h0" if numbers[0] == at[0] else f"H{numbers[0]}")
        else:
            made.append(f"V{numbers[1]}" if numbers[0] == at[0] else f"L{' '.join(numbers)}")
        at = (numbers[-2], numbers[-1]) if len(numbers) >= 2 else ("", "")
    return "".join(made)


def _without_bare_groups(body: str) -> str:
    """Without groups that say nothing of what is in them."""
    kept: list[bool] = []

    def group(found: re.Match[str]) -> str:
        tag = found[0]
        if tag == "</g>":
            return tag if kept.pop() else ""
        if tag.endswith("/>"):
            return ""
        kept.append(tag != "<g>")
        return tag if kept[-1] else ""

    return _GROUP.sub(group, body)


def _with_styles_once(body: str, prefix: str) -> str:
    """Each style as a rule of its own, which the elements name."""
    names: dict[str, str] = {}

    def named(found: re.Match[str]) -> str:
        return f' class="{names.setdefault(found[1], f"{prefix}{len(names)}")}"'

    body = _STYLE.sub(named, body)
    rules = "".join(f".{name}{{{_tight(style)}}}" for style, name in names.items())
    return f"<style>{rules}</style>{body}" if rules else body


def _tight(style: str) -> str:
    return re.sub(r"([:;,]) +", r"\1", style).rstrip(";")
