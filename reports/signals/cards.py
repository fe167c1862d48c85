"""Series or volumes with what speaks for a class behind them, a card each."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from ..drawing.wording import percent
from ..html.components import EMPTY, joined, name_html
from ..html.tiles import Sprite
from ..html.trust_marks import method_mark
from ..sections.section import About
from .curves import curve, key
from .evidence import ShownSignals, SignalsEvidence
from .slices import Volume, strips
from .words import ONE, evidence_words, in_signal_words, signed


def cards(
    name: str, shown: ShownSignals, found: SignalsEvidence, about: About, *, both: bool
) -> tuple[Markup, list[Sprite]]:
    """A card for each: what it is, what was answered, and where what speaks for that lies.

    Args:
        name: Of the sprite, once in a page.
        shown: What to show.
        found: How they are drawn.
        about: The report.
        both: Also what speaks for the true class, where another was answered.
    """
    if not len(shown.numbers):
        return EMPTY, []
    drawn, sheets = (
        _curves(shown, found, about, both) if found.kind == "series" else _slices(name, shown, found, about, both)
    )
    made = [
        Markup('<article class="signal"><h3>{}</h3>{}<p class="says">{}</p></article>').format(
            _title(row, shown, found, about),
            picture,
            evidence_words(shown.spans[row], _answered(row, shown, about), found.form),
        )
        for row, picture in enumerate(drawn)
    ]
    return Markup('<div class="signals">{}</div>').format(joined(made)), sheets


def _title(row: int, shown: ShownSignals, found: SignalsEvidence, about: About) -> Markup:
    one = ONE[found.kind][0].capitalize()
    called = f"{one} {about.dataset.called(int(shown.numbers[row]))}"
    said, share = name_html(about.class_names[shown.predicted[row]]), percent(float(shown.probability[row]))
    if shown.true[row] == shown.predicted[row]:
        return Markup('{}: <span class="t">{}</span> <small>{}</small>').format(called, said, share)
    true = name_html(about.class_names[shown.true[row]])
    return Markup('{}: <span class="t">{}</span>, taken for <span class="p">{}</span> <small>{}</small>').format(
        called, true, said, share
    )


def _answered(row: int, shown: ShownSignals, about: About) -> str:
    return about.class_names[shown.predicted[row]]


def _classes(row: int, shown: ShownSignals, about: About, both: bool) -> list[tuple[str, np.ndarray]]:
    """What is drawn: the class answered and, where both are asked for, the true one, each with its map."""
    maps = [(about.class_names[shown.predicted[row]], shown.for_predicted[row])]
    if both and shown.true[row] != shown.predicted[row]:
        maps.append((about.class_names[shown.true[row]], shown.for_true[row]))
    return maps


def _curves(shown: ShownSignals, found: SignalsEvidence, about: About, both: bool) -> tuple[list[Markup], list[Sprite]]:
    return [_of_series(row, shown, found, about, both) for row in range(len(shown.numbers))], []


def _of_series(row: int, shown: ShownSignals, found: SignalsEvidence, about: About, both: bool) -> Markup:
    figures, values = [], shown.values[row]
    told, mark = f"values {signed(values.min())} to {signed(values.max())}", _mark(found, about)
    for name, evidence in _classes(row, shown, about, both):
        end = f"±{signed(np.abs(evidence).max())} {about.information.unit}"
        label = f"Series {int(shown.numbers[row])}: {told}; for and against {name}, {end}"
        caption = Markup("For and against {}: band {}; {} {}").format(name_html(name), end, told, mark)
        figures.append(_figure(curve(values, evidence, found.form, label), caption))
    return joined(figures)


def _mark(found: SignalsEvidence, about: About) -> Markup:
    """How far the maps can be trusted."""
    return in_signal_words(method_mark(about.verdicts, found.method), found.kind)


def _figure(drawn: Markup, caption: Markup) -> Markup:
    return Markup('<figure class="curve-figure">{}<figcaption>{}</figcaption></figure>').format(drawn, caption)


def _slices(
    name: str, shown: ShownSignals, found: SignalsEvidence, about: About, both: bool
) -> tuple[list[Markup], list[Sprite]]:
    volumes = []
    for row, number in enumerate(shown.numbers):
        told = [(f"for and against {label}", each) for label, each in _classes(row, shown, about, both)]
        volumes.append(Volume(shown.values[row], told, f"volume {about.dataset.called(int(number))}"))
    made, sheets = strips(name, volumes, found.form)
    captions = [_caption(volume, found, about) for volume in volumes]
    return [strip + caption for strip, caption in zip(made, captions, strict=True)], sheets


def _caption(volume: Volume, found: SignalsEvidence, about: About) -> Markup:
    told = [f"the slice (values {signed(volume.values.min())} to {signed(volume.values.max())})"]
    told += [f"{what} (±{signed(np.abs(evidence).max())} {about.information.unit})" for what, evidence in volume.maps]
    mark = _mark(found, about)
    return Markup('<div class="note">From left to right: {} {}</div>').format("; ".join(told), mark)


def channel_key(found: SignalsEvidence) -> str:
    """Which line is which channel, a sentence; '' for one."""
    return key([f"channel {place}" for place in range(found.channels)]) if found.kind == "series" else ""
