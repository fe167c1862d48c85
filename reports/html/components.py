"""The page's building blocks as HTML; the style sheet says at its top what each looks like.

Every argument that is a plain `str` is escaped; `Markup` is taken as HTML. Numbers arrive as the text to show.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Literal

from markupsafe import Markup, escape

from ..drawing.colors import ColorScale
from ..drawing.wording import percent

MarkLevel = Literal["good", "weak", "failed", "unknown"]
MARKS: dict[str, str] = {"good": "●", "weak": "◐", "failed": "○", "unknown": "?"}
EMPTY = Markup("")


LONGEST_NAME = 24  # letters that are shown; the whole name is in the title


def name_html(name: str) -> Markup:
    """A name from outside: apart from the direction of the text around it, and cut at its end where it is long.

    Example:
        >>> name_html("shirt")
        Markup('<bdi>shirt</bdi>')
    """
    if not any(letter.isprintable() and not letter.isspace() for letter in name):
        return Markup('<bdi title="{}">(no visible name)</bdi>').format(name)
    if len(name) <= LONGEST_NAME:
        return Markup("<bdi>{}</bdi>").format(name)
    return Markup('<bdi title="{}">{}…</bdi>').format(name, name[: LONGEST_NAME - 1])


def with_names(sentence: str, names: Sequence[str]) -> Markup:
    """A sentence in which long names are cut, and those that run from right to left stand apart, as by `name_html`.

    Example:
        >>> with_names("An extraordinarily long name is weak.", ["An extraordinarily long name", "weak"])
        Markup('<bdi title="An extraordinarily long name">An extraordinarily long…</bdi> is weak.')
    """
    apart = sorted({name for name in names if _stands_apart(name) and name in sentence}, key=len, reverse=True)
    if not apart:
        return escape(sentence)
    pieces = re.split("(" + "|".join(map(re.escape, apart)) + ")", sentence)
    return Markup("").join(name_html(piece) if piece in apart else escape(piece) for piece in pieces)


def _stands_apart(name: str) -> bool:
    return len(name) > LONGEST_NAME or any(unicodedata.bidirectional(letter)[:1] in ("R", "A") for letter in name)


def joined(parts: Iterable[Markup]) -> Markup:
    """Return the parts one after the other."""
    return Markup("\n").join(parts)


def findings(items: Iterable[tuple[str, str, str]]) -> Markup:
    """Return the list of findings from (sentence, id of its evidence, words of the link)."""
    entry = Markup('<li>{} <a href="#{}">{}</a></li>')
    return Markup('<ol class="findings">{}</ol>').format(joined(entry.format(*item) for item in items))


def figure(content: str, caption: str, *, reading: str = "") -> Markup:
    """Return a figure with its caption and, folded, how to read it; `content` is a Plot's SVG or Markup."""
    return Markup('<figure class="figure"><div class="canvas">{}</div><figcaption>{}</figcaption>{}</figure>').format(
        Markup(content), caption, how_to_read(reading) if reading else EMPTY
    )


def how_to_read(*paragraphs: str) -> Markup:
    """Return an explanation that opens when asked for; empty paragraphs are left out."""
    text = joined(Markup("<p>{}</p>").format(paragraph) for paragraph in paragraphs if paragraph)
    return Markup('<details class="reading"><summary>How to read this</summary>{}</details>').format(text)


def table(
    columns: Sequence[str], rows: Iterable[Sequence[object]], *, caption: str, numeric: Sequence[int] = ()
) -> Markup:
    """Return a table in a box of its own that scrolls where the page is narrow.

    Args:
        columns: the head's texts.
        rows: cells, text or Markup; the first cell of a row is its head.
        caption: what the table shows.
        numeric: numbers of the columns that are set right, from 0.
    """
    kinds = [Markup(' class="n"') if place in numeric else EMPTY for place in range(len(columns))]
    head = joined(
        Markup('<th scope="col"{}>{}</th>').format(kind, text) for kind, text in zip(kinds, columns, strict=True)
    )
    lines = []
    for first, *rest in rows:
        cells = joined(Markup("<td{}>{}</td>").format(kind, cell) for kind, cell in zip(kinds[1:], rest, strict=True))
        lines.append(Markup('<tr><th scope="row">{}</th>{}</tr>').format(first, cells))
    return Markup(
        '<div class="table-box" tabindex="0" role="region" aria-label="{0}"><table><caption><span>{0}</span></caption>'
        "<thead><tr>{1}</tr></thead><tbody>{2}</tbody></table></div>"
    ).format(caption, head, joined(lines))


def scale_bar(scale: ColorScale, low: str, high: str, *, unit: str = "") -> Markup:
    """Return the colour bar with the numbers at its ends."""
    bar = Markup('<span class="scale"><b>{}</b> <i class="scale-bar scale-{}"></i> <b>{}</b> {}</span>')
    return bar.format(low, scale, high, unit)


def view(tile: Markup, name: str, *, note: str = "", full: str = "", mark: Markup = EMPTY) -> Markup:
    """Return one picture with its name below it, in small its largest value or its state, and a trust mark.

    Where the note is too short to be understood by everybody, `full` says it in full words when pointed at.
    """
    words = Markup(' title="{}"').format(full) if full else EMPTY
    small = Markup('<span class="note"{}>{}</span>').format(words, note) if note else EMPTY
    apart = Markup(" ") if mark else EMPTY
    return Markup('<figure class="view">{}<figcaption>{}{}{}{}</figcaption></figure>').format(
        tile, name, apart, mark, small
    )


def maps(tiles: Iterable[tuple[Markup, str]]) -> Markup:
    """Return a row of feature maps from (tile, channel number), which wraps."""
    entry = Markup('<li>{}<span class="channel">{}</span></li>')
    return Markup('<ol class="maps">{}</ol>').format(joined(entry.format(*item) for item in tiles))


def probabilities(shares: Iterable[tuple[str, float, str]]) -> Markup:
    """Return bars from (class name, probability 0 to 1, kind): kind is 't' for true, 'p' for predicted, or ''."""
    entry = Markup('<li{}><span>{}</span><i style="--p:{:.3f}"></i><b>{}</b></li>')
    bars = (
        entry.format(Markup(' class="{}"').format(kind) if kind else EMPTY, name_html(name), share, percent(share))
        for name, share, kind in shares
    )
    return Markup('<ul class="probs">{}</ul>').format(joined(bars))


def trust_mark(level: MarkLevel, words: str, numbers: Iterable[tuple[str, str]]) -> Markup:
    """Return the small mark beside a picture; it opens to the numbers (name, value) behind it."""
    lines = joined(Markup("<div><dt>{}</dt><dd>{}</dd></div>").format(*pair) for pair in numbers)
    return Markup(
        '<details class="trust trust-{}"><summary><span aria-hidden="true">{}</span> {}</summary><dl>{}</dl></details>'
    ).format(level, MARKS[level], words, lines)


def notice(text: str, *, kind: Literal["note", "warning"] = "note") -> Markup:
    """Return a box with something that the reader should know before reading on."""
    return Markup('<p class="notice notice-{}">{}</p>').format(kind, text)


def command(text: str) -> Markup:
    """Return a command as a block of code."""
    return Markup('<pre class="command" tabindex="0"><code>{}</code></pre>').format(text)


def folded(summary: str, content: Markup, *, count: str = "", opened: bool = False) -> Markup:
    """Return a long list behind its heading, closed or `opened`; `count` says how much there is.

    What is closed costs the browser nothing: the page's program makes its elements when it is opened.
    """
    amount = Markup(' <span class="count">{}</span>').format(count) if count else EMPTY
    state = Markup(" open") if opened else EMPTY
    inside = content if opened or "<noscript" in content else Markup("<noscript>{}</noscript>").format(content)
    return Markup('<details class="fold"{}><summary>{}{}</summary><div>{}</div></details>').format(
        state, summary, amount, inside
    )
