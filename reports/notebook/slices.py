"""A volume's slices, one at a time, in a strip that is scrolled: it needs no script, which a notebook may not run."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from markupsafe import Markup

from ..drawing.signal_form import SignalForm, along_axis, shown_slices
from ..plots.explanation import ExplainedImage, drawn_map
from ..plots.signals import grey_slices, strength_of
from .pieces import data_uri

_SIDE, _GAP = 112, 4  # pixels of a tile's longer side, and between two


def slices_html(shown: ExplainedImage, form: SignalForm, most: int) -> Markup:
    """The strip: of each slice the volume and every map over it.

    Args:
        shown: A volume explained.
        form: How its values are to be read.
        most: Slices, at most; the one with the most evidence is among them.
    """
    volume = form.with_channel(shown.image)
    strength = strength_of(shown.panels[0].values, len(volume))
    chosen = shown_slices(strength, most)
    maps = [along_axis(each.values, len(volume)) for each in shown.panels]
    entries = []
    for place, picture in zip(chosen, grey_slices(volume[chosen]), strict=True):
        panels = zip(shown.panels, maps, strict=True)
        over = [drawn_map(replace(each, values=values[place]), picture[np.newaxis]) for each, values in panels]
        entries.append(
            _entry(np.hstack([_tile(each) for each in (picture, *over)]), form.slice_words(place, len(volume)))
        )
    named = ", ".join(("the volume", *(each.title for each in shown.panels)))
    most_in = form.slice_words(int(strength.argmax()), len(volume))
    return Markup(
        '<p style="margin:.3em 0">From left to right: {}. Scroll for the next slice; the most evidence by {} lies in {}.</p>'
        '<div tabindex="0" role="group" aria-label="Slices" style="display:flex;overflow-x:auto;scroll-snap-type:x mandatory;'
        'max-width:{}px">{}</div>'
    ).format(named, shown.panels[0].title, most_in, (len(maps) + 1) * _SIDE * 3 // 2, Markup("").join(entries))


def _tile(picture: np.ndarray) -> np.ndarray:
    """uint8[h,w,3] with `_SIDE` pixels on its longer side, white to its right."""
    height, width = picture.shape[:2]
    times = _SIDE / max(height, width)
    size = max(1, round(width * times)), max(1, round(height * times))
    how = cv2.INTER_AREA if times < 1 else cv2.INTER_NEAREST
    return np.pad(cv2.resize(picture, size, interpolation=how), ((0, 0), (0, _GAP), (0, 0)), constant_values=255)


def _entry(pixels: np.ndarray, said: str) -> Markup:
    return Markup(
        '<figure style="flex:0 0 100%;margin:0;scroll-snap-align:start"><img src="{}" alt="{}" style="width:100%;display:block">'
        '<figcaption style="font-size:11px">{}</figcaption></figure>'
    ).format(data_uri(pixels), said, said)
