"""What somebody adds to a page: a title, a logo and a note, made harmless.

The page loads nothing from anywhere and runs no script but its own (its content security policy forbids both), so a logo is
carried in the page, and of a note's Markdown neither pictures nor HTML are taken.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from markupsafe import Markup

from ...models.opencv import opencv
from ...models.visible_text import visible
from .components import EMPTY

_MOST_LOGO = 300_000  # bytes
_MOST_NOTE = 200_000
_KINDS = {b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpeg", b"RIFF": "webp"}  # how a file begins
_LOWEST = 2  # levels that a note's headings stand below those of the page: its first is h3


@dataclass(frozen=True)
class OwnWords:
    """What a person adds to the page."""

    title: str | None = None  # None: 'What NAME sees'
    logo: str = ""  # a picture as a `data:` address, from `logo_address`
    note: Markup = EMPTY  # from `note_html`


NO_WORDS = OwnWords()


def logo_address(path: Path) -> str:
    """A picture as a `data:` address.

    Raises:
        ValueError: It cannot be read, is no PNG, JPEG or WebP, or is larger than 300 KB.
    """
    raw = _read(path, "a picture for --logo", _MOST_LOGO)
    kind = next((kind for start, kind in _KINDS.items() if raw.startswith(start)), None)
    if kind is None or _is_no_picture(raw):
        told = "an SVG, which could run a script" if b"<svg" in raw[:1000].lower() else "something else"
        raise ValueError(f"Expected a PNG, JPEG or WebP for --logo. Received {told}: '{path}'. Save it as PNG.")
    return f"data:image/{kind};base64,{base64.b64encode(raw).decode('ascii')}"


def note_html(path: Path) -> Markup:
    """A note in Markdown as HTML: what is HTML in it is shown as text, and pictures are left out.

    Raises:
        ValueError: It cannot be read, is no UTF-8, or is larger than 200 KB.
    """
    raw = _read(path, "a text in Markdown for --note", _MOST_NOTE)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(
            f"Expected a text in UTF-8 for --note. Received '{path}': {error}. Save it as UTF-8."
        ) from error
    return _rendered("\n".join(visible(line, len(line) + 1) for line in text.splitlines()))


def _rendered(text: str) -> Markup:
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    tokens = reader.parse(text)
    _lower_headings(tokens)
    return Markup(reader.renderer.render(tokens, reader.options, {}))


def _lower_headings(tokens: Sequence[Any]) -> None:
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(int(token.tag[1:]) + _LOWEST, 6)}"


def _read(path: Path, what: str, most: int) -> bytes:
    try:
        if not path.is_file():
            raise ValueError(f"Expected {what}. Received '{path}', which is no file. Check the path.")
        if (size := path.stat().st_size) > most:
            raise ValueError(
                f"Expected {what} of at most {most // 1000} KB. Received '{path}' with {size // 1000} KB. Make it smaller."
            )
        return path.read_bytes()
    except OSError as error:
        raise ValueError(f"Expected {what}. Received '{path}': {error.strerror}. Check the path.") from error


def _is_no_picture(raw: bytes) -> bool:
    import numpy as np

    cv2 = opencv()
    return cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_UNCHANGED) is None
