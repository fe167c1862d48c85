"""The page of a training: a slider over the epochs; without JavaScript all epochs stand below each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup
from matplotlib.ticker import MaxNLocator

from ..drawing.colors import Limits, colorize, css_gradient, limits_of, overlay
from ..drawing.enlarging import enlarge
from ..drawing.method_maps import scale_for
from ..drawing.pictures import pictures
from ..drawing.wording import count, percent
from ..evidence.twin import twin
from ..html.components import table
from ..html.page import json_for_page, style
from ..notebook.pieces import data_uri
from ..plots.plot import INK, LINE, Plot, axes, plain, series_style
from .recorded import Epoch, LayerState, Watched

_SIDE = 96  # pixels of a picture at least
_GAP = 1  # pixels between the channels of a strip
_SCRIPT = """
const epochs = [...document.querySelectorAll('.epoch')], slider = document.querySelector('#epoch');
function show() { epochs.forEach((each, place) => { each.hidden = place !== +slider.value; });
  slider.setAttribute('aria-valuetext', epochs[slider.value].dataset.name);
  document.querySelector('#epoch-name').textContent = epochs[slider.value].dataset.name; }
document.querySelector('.slider').hidden = false; slider.max = epochs.length - 1; slider.value = epochs.length - 1;
slider.addEventListener('input', show); show();
"""
_STYLE = """
.film { max-width: 66rem; margin: 0 auto; padding: 2rem 1.2rem 4rem; }
.slider { position: sticky; top: 0; z-index: 5; background: var(--paper); padding: .8rem 0; border-bottom: 1px solid var(--line);
  display: flex; gap: 1rem; align-items: center; }
.slider[hidden] { display: none; }
.slider input { flex: 1; accent-color: var(--accent); min-width: 0; }
.slider output { min-width: 7.5rem; font-weight: 600; }
.strip img { image-rendering: pixelated; max-width: 100%; display: block; }
.strip { margin: 0 0 .8rem; } .strip figcaption { font-size: .84rem; color: var(--muted); }
.shots { display: flex; flex-wrap: wrap; gap: 1rem; } .shots .strip { max-width: 9.5rem; }
.shots .strip img { width: 96px; height: 96px; object-fit: contain; }
.bar { display: inline-block; width: 8rem; height: .7rem; vertical-align: middle; margin: 0 .4rem;
  border: 1px solid var(--line); }
"""


@dataclass(frozen=True, eq=False)
class Film:
    """A training, epoch by epoch."""

    watched: Watched
    epochs: Sequence[Epoch]
    class_names: tuple[str, ...] | None
    value_range: tuple[float, float]  # (black, white) of the images

    def named(self, label: int) -> str:
        """The name of a class, or its number."""
        return f"class {label}" if self.class_names is None else self.class_names[label]


def film_html(film: Film, title: str) -> str:
    """The whole page, which loads nothing from anywhere."""
    limits = {name: _limits(film, name) for name in film.watched.layers}
    shown = pictures(film.watched.shown, film.value_range)
    parts = Markup("").join(_epoch(film, epoch, limits, shown) for epoch in film.epochs)
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'; base-uri 'none'"
    return str(
        Markup(
            '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
            '<meta http-equiv="Content-Security-Policy" content="{}">'
            '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
            '<title>{}</title><style>{}{}</style></head><body><main class="film"><h1>{}</h1><p>{}</p>{}'
            '<div class="slider" hidden><label for="epoch">Epoch</label><input id="epoch" type="range" min="0" step="1">'
            '<output id="epoch-name" for="epoch"></output></div>{}</main>'
            '<script type="application/json" id="twin">{}</script><script>{}</script></body></html>'
        ).format(
            policy,
            title,
            style([]),
            Markup(_STYLE),
            title,
            _lead(film),
            _curves(film),
            parts,
            json_for_page({"epochs": twin(tuple(film.epochs))}),
            Markup(_SCRIPT),
        )
    )


def _lead(film: Film) -> str:
    few, last = count(len(film.watched.shown), "image"), film.epochs[-1].number
    seen = count(len(film.watched.images), "image")
    return (
        f"What {getattr(film.watched.model, 'name', 'the model')} sees in {few} while it is trained for "
        f"{count(last, 'epoch')}; channels and probes are counted on {seen}. A layer's colours mean the same at every epoch."
    )


def _limits(film: Film, layer: str) -> Limits:
    """The limits of a layer's colours over all epochs."""
    ends = [limits_of(state.maps, "evidence") for epoch in film.epochs for state in epoch.layers if state.name == layer]
    return float(min(low for low, _ in ends)), float(max(high for _, high in ends))


def _curves(film: Film) -> Markup:
    """The probes over the epochs, where there are labels, and the silent channels."""
    numbers = [epoch.number for epoch in film.epochs]
    drawn = []
    if film.watched.labels is not None:
        probes = {name: [_of(epoch, name).probe for epoch in film.epochs] for name in film.watched.layers}
        drawn.append(_plot(numbers, probes, "Accuracy of a linear probe"))
    silent = {name: [float(_of(epoch, name).silent) for epoch in film.epochs] for name in film.watched.layers}
    drawn.append(_plot(numbers, silent, "Silent channels"))
    figures = (
        Markup('<figure class="figure"><div class="canvas">{}</div></figure>').format(Markup(each.svg()))
        for each in drawn
    )
    return Markup('<div class="pair">{}</div>').format(Markup("").join(figures))


def _of(epoch: Epoch, layer: str) -> LayerState:
    return next(state for state in epoch.layers if state.name == layer)


def _plot(numbers: Sequence[int], lines: dict[str, list], title: str) -> Plot:
    figure, drawn = axes(5.2, 2.8)
    for place, (name, values) in enumerate(lines.items()):
        known = [np.nan if value is None else value for value in values]
        drawn.plot(numbers, known, marker="o", markersize=3.5, label=plain(name), **series_style(place))
    drawn.set(xlabel="epoch", title=title)
    drawn.xaxis.set_major_locator(MaxNLocator(integer=True))
    drawn.grid(axis="y", color=LINE, linewidth=0.6)
    drawn.legend(frameon=False, labelcolor=INK, loc="best", fontsize=9)
    ends = "; ".join(
        f"{name}: {'none' if values[-1] is None else f'{values[-1]:.3g}'}" for name, values in lines.items()
    )
    return Plot(figure, title, f"At the end {ends}.")


def _epoch(film: Film, epoch: Epoch, limits: dict[str, Limits], shown: np.ndarray) -> Markup:
    name = "before training" if epoch.number == 0 else f"after {count(epoch.number, 'epoch')}"
    logged = ", ".join(f"{what} {value:.4g}" for what, value in epoch.measures.items())
    rows = [
        (state.name, f"{state.silent} of {state.channels}", "–" if state.probe is None else percent(state.probe))
        for state in epoch.layers
    ]
    return Markup('<section class="epoch" data-epoch="{}" data-name="{}"><h2>{}</h2><p>{}</p>{}{}{}</section>').format(
        epoch.number,
        name,
        f"{name[0].upper()}{name[1:]}",
        logged,
        Markup("").join(_method(film, epoch, place, shown) for place in range(len(epoch.methods))),
        table(("layer", "silent channels", "probe accuracy"), rows, caption="Layers", numeric=(1, 2)),
        Markup("").join(_layer(state, limits[state.name], len(shown)) for state in epoch.layers),
    )


def _method(film: Film, epoch: Epoch, place: int, shown: np.ndarray) -> Markup:
    state, known = epoch.methods[place], film.watched.methods[place]
    if not len(state.maps):
        return Markup("<h3>{}</h3><p>{}</p>").format(state.name, state.why)
    scale = scale_for(known, state.maps)
    figures = []
    for k, picture in enumerate(shown):
        between = limits_of(state.maps[k], scale)
        times = max(1, -(-_SIDE // max(picture.shape[:2])))
        large = picture.repeat(times, axis=0).repeat(times, axis=1)
        drawn = overlay(large[np.newaxis], enlarge(state.maps[k : k + 1], large.shape[:2]), scale, between)[0]
        said = f"{film.named(epoch.predicted[k])}, {percent(epoch.confidence[k])}"
        figures.append(_picture(drawn, f"{said}; {between[0]:.3g} to {between[1]:.3g} {known.unit}"))
    verdict = "" if state.verdict is None else f"Trust: {state.verdict}. {state.why}"
    return Markup('<h3>{}</h3><div class="shots">{}</div><p class="note">{}</p>').format(
        state.name, Markup("").join(figures), verdict
    )


def _layer(state: LayerState, limits: Limits, images: int) -> Markup:
    if state.maps.ndim != 4:
        return Markup("")
    strips = Markup("").join(_picture(_strip(state.maps[k], limits), f"image {k}") for k in range(images))
    scale = Markup('{:.3g} <span class="bar" style="background:{}"></span> {:.3g} activation').format(
        limits[0], Markup(css_gradient("evidence")), limits[1]
    )
    first = count(state.maps.shape[-1], "channel")
    return Markup("<h3>{}</h3><p>{}, the first {}</p>{}").format(state.name, scale, first, strips)


def _strip(maps: np.ndarray, limits: Limits) -> np.ndarray:
    """Channels of one image side by side, uint8[h,w,3], each cell of the layer some pixels wide."""
    drawn = colorize(maps.transpose(2, 0, 1), "evidence", limits)
    times = max(1, 56 // max(drawn.shape[1:3]))
    drawn = drawn.repeat(times, axis=1).repeat(times, axis=2)
    apart = np.pad(drawn, ((0, 0), (0, 0), (0, 4 * _GAP), (0, 0)), constant_values=128)
    return np.concatenate(list(apart), axis=1)


def _picture(pixels: np.ndarray, words: str) -> Markup:
    return Markup('<figure class="strip"><img src="{}" alt="{}"><figcaption>{}</figcaption></figure>').format(
        data_uri(pixels, lossless=True), words, words
    )
