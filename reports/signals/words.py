"""How series and volumes are spoken of: the words for a span of places, and the sections of pictures in their words."""

from __future__ import annotations

import re
from collections.abc import Iterable

from markupsafe import Markup, escape

from ...interpret.maps.spans import Span
from ..drawing.signal_form import SignalForm
from ..drawing.wording import number, percent, with_minus

ONE = {"series": ("series", "series"), "volumes": ("volume", "volumes")}  # {kind: (one, several)}
_TEXT = re.compile(r'(?<=>)[^<>]+(?=<)|(?<=aria-label=")[^"]+(?=")')
_PHRASES = (
    ("black, the blurred picture, and the picture’s own mean", "zero, the blurred {one}, and the {one}’s own mean"),
    ("the grey picture", "the mean of the channels"),
    ("brightness order", "order of the values"),
    ("order of brightness", "order of the values"),
    ("own brightness", "own values"),
    ("Brightness alone", "The order of the values alone"),
    ("brightness alone does", "the values alone do"),
    ("bright parts may well be", "high values may well be"),
    ("Beats brightness", "Beats the values"),
    ("brightness", "values"),
)
_WORDS = {
    "pictures": "{several}",
    "picture": "{one}",
    "images": "{several}",
    "image": "{one}",
    "pixels": "places",
    "pixel": "place",
}
_WORD = re.compile(rf"\b({'|'.join(_WORDS)})\b", re.IGNORECASE)


def in_signal_words(html: Markup, kind: str, keep: Iterable[str] = ()) -> Markup:
    """The markup with the words of pictures in its texts, not its tags, as those of series or volumes.

    >>> in_signal_words(Markup('<p id="image">of 3 images, all pixels</p>'), "volumes")
    Markup('<p id="image">of 3 volumes, all places</p>')
    """
    kept = [str(escape(name)) for name in keep]
    return Markup(_TEXT.sub(lambda found: signal_words(found[0], kind, kept), html))


def signal_words(text: str, kind: str, keep: Iterable[str] = ()) -> str:
    """A sentence about pictures as one about series or volumes.

    Args:
        text: The sentence.
        kind: 'series' or 'volumes'.
        keep: Names of classes and layers, and other words that are not ours: they stay as they are.

    >>> signal_words("an image of 'pixel art' beats brightness on 3 images", "series", ["pixel art"])
    "a series of 'pixel art' beats values on 3 series"
    """
    names = sorted({name for name in keep if name.strip()}, key=len, reverse=True)
    if not names:
        return _said(text, kind)
    parts = re.split("(" + "|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in names) + ")", text)
    return "".join(part if place % 2 else _said(part, kind) for place, part in enumerate(parts))


def _said(text: str, kind: str) -> str:
    one, several = ONE[kind]
    for phrase, said in _PHRASES:
        text = text.replace(phrase, said.format(one=one))

    def worded(found: re.Match[str]) -> str:
        said = _WORDS[found[0].lower()].format(one=one, several=several)
        return said.capitalize() if found[0][0].isupper() else said

    return _WORD.sub(worded, re.sub(r"\b([Aa])n (?=image\b)", r"\1 ", text)).replace("series’s", "series’")


def span_words(span: Span, axis: int, form: SignalForm, axes: int) -> str:
    """Where a span lies: '0.31 to 0.45 s', 'places 6 to 10 of 24' between two places, 'slices 5 to 8 of 16'."""
    if axes == 1:
        ends = [form.at_edge(0, edge) for edge in (span.first, span.last)]
        return f"{ends[0]} to {ends[1]} {form.unit}" if form.steps else f"{ends[0]} to {ends[1]} of {span.of} places"
    what = ("slice", "row", "column")[axis]
    places = f"{span.first + 1}" if span.last == span.first + 1 else f"{span.first + 1} to {span.last}"
    plural = "" if span.last == span.first + 1 else "s"
    if not form.steps:
        return f"{what}{plural} {places} of {span.of}"
    ends = [form.at_edge(axis, edge) for edge in (span.first, span.last)]
    return f"{what}{plural} {places} of {span.of} ({ends[0]} to {ends[1]} {form.unit})"


def evidence_words(spans: tuple[Span | None, ...], name: str, form: SignalForm) -> str:
    """Which part holds the evidence for a class, a sentence."""
    known = [(axis, span) for axis, span in enumerate(spans) if span is not None]
    if not known:
        return f"Nothing speaks for {name}."
    if len(spans) == 1:
        span = known[0][1]
        share = f"{percent(span.share, 0)} of what speaks for {name}"
        return f"{share} lies from {span_words(span, 0, form, 1)}, {percent(span.part, 0)} of its length."
    said = [f"{percent(span.share, 0)} in {span_words(span, axis, form, 3)}" for axis, span in known]
    return f"Of what speaks for {name}: {', '.join(said)}."


def signed(value: float) -> str:
    """A value with a true minus sign."""
    return with_minus(number(float(value)))
