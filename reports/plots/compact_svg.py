"""A drawing of matplotlib's with fewer letters and the same look: no empty groups, short paths, each style written once."""

from __future__ import annotations

import math
import re

_ROUNDED = 0.02  # how far a coordinate of two digits may lie beside its place
_INVISIBLE = re.compile(r'<path [^>]*style="fill: none"\s*/>')  # neither filled nor stroked: the paper behind a plot
_NOT_TURNED = re.compile(r' transform="rotate\(-?0 [^)]*\)"')
_PATH = re.compile(r' d="([^"]*)"')
_STEP = re.compile(r"([MLCQZz])([^MLCQZz]*)")
_NUMBER = re.compile(r"-?\d+\.\d+")
_GROUP = re.compile(r"<g\b[^>]*>|</g>")
_STYLE = re.compile(r' style="([^"]*)"')
_TAG = re.compile(r"<[^>]*>")
_CLIPPED = re.compile(r'(<[^>]*?) clip-path="([^"]+)"([^>]*?) style="([^"]*)"')
_OCTANTS = re.compile(r"M[^A-Za-z]+(?:C[^A-Za-z]+){8}z")  # a marker, as matplotlib approaches a circle


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
    body = _PATH.sub(lambda path: f' d="{_OCTANTS.sub(_circle, _shorter(path[1]))}"', body)
    body = _CLIPPED.sub(r'\1\3 style="\4; clip-path: \2"', body)
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


def _circle(found: re.Match[str]) -> str:
    """Eight curves as two arcs, where their ends lie on a circle; else as they are."""
    numbers = [float(number) for number in re.findall(r"-?[\d.]+", found[0])]
    ends = [(numbers[at], numbers[at + 1]) for at in range(0, len(numbers), 6)]
    (x, y), (_, top) = ends[0], ends[4]
    radius = (y - top) / 2
    if any(abs(math.hypot(across - x, down - y + radius) - abs(radius)) > _ROUNDED for across, down in ends):
        return found[0]
    arc = f"a{abs(radius):.4g} {abs(radius):.4g} 0 1 0 0 "
    return f"M{x:g} {y:g}{arc}{-2 * radius:.4g}{arc}{2 * radius:.4g}z"


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
