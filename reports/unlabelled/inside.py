"""The pictures themselves, and what the layers do with them: all that needs no label."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from ...models.datasets.exploration import Exploration
from ..drawing.pictures import pictures
from ..drawing.wording import count, listed, percent, shape
from ..html.components import figure, joined, table, view
from ..html.page import Section
from ..html.tiles import Sprite, sprite, tile_html
from ..plots.data import pixel_histogram
from ..sections.data import how_read
from ..sections.section import About
from .evidence import Inside


def data_section(found: Exploration, about: About) -> tuple[Section, list[Sprite]]:
    """How many, how large, of which values, and what the pictures of one answer have in common."""
    dataset = about.dataset
    low, high = dataset.shown_range
    amount = count(len(dataset), "picture")
    text = Markup("<p>{} of {} (height × width × channels){}. Black is {:g}, white {:g}.</p>").format(
        amount,
        shape(dataset.images.shape[1:]),
        "" if dataset.source == amount else f" from {dataset.source}",
        low,
        high,
    )
    equal = sum(len(group) for group in found.duplicates)
    alike = (
        f"{count(len(found.duplicates), 'group')} of pictures are equal in every pixel, {equal} in all."
        if equal
        else ""
    )
    drawn = figure(pixel_histogram(found.pixel_edges, found.pixel_counts).svg(), "The values of all pixels.")
    means, sheets = _means(found, about)
    said = Markup("<p>{}</p>").format(alike or "No two are equal in every pixel.")
    html = joined([text, how_read(dataset), said, drawn, means])
    return Section("pictures", "The pictures", html, view="data"), sheets


def _means(found: Exploration, about: About) -> tuple[Markup, list[Sprite]]:
    """The mean of the pictures that each class is answered to."""
    answered = np.flatnonzero(found.counts)[:40]
    sheet = sprite("answered-means", pictures(found.means[answered], about.dataset.shown_range, 56))
    views = [
        view(
            tile_html(sheet, place, f"mean of the pictures taken for {about.class_names[label]}"),
            about.class_names[label],
            note=count(int(found.counts[label]), "picture"),
        )
        for place, label in enumerate(answered)
    ]
    heading = Markup("<h3>The mean of the pictures taken for each class</h3>")
    return joined([heading, Markup('<div class="views">{}</div>').format(joined(views))]), [sheet]


def layers_section(found: Inside) -> Section:
    """Active share, silent channels and likeness to the picture, layer by layer."""
    rows = [
        (
            layer.name,
            f"{layer.channels:,}",
            _share(layer.active_share),
            "–" if not np.isfinite(layer.active_share) else f"{len(layer.silent_channels):,}",
            "–" if not np.isfinite(layer.image_correlation) else f"{layer.image_correlation:.2f}",
        )
        for layer in found.layers
    ]
    silent = [f"{len(each.silent_channels)} in {each.name}" for each in found.layers if len(each.silent_channels)]
    said = (
        f"Never above 0 on any of these pictures: {listed(silent, 8)}." if silent else "No channel stays silent on all."
    )
    shown = table(
        ["Layer", "Channels", "Active", "Silent channels", "Like the picture"],
        rows,
        caption="Active: mean share of units above 0. Like the picture: mean size of Pearson’s r with the grey picture.",
        numeric=[1, 2, 3, 4],
    )
    return Section("layers", "What the layers do", joined([Markup("<p>{}</p>").format(said), shown]), view="layers")


def _share(value: float) -> str:
    return "–" if not np.isfinite(value) else percent(value)
