"""Pictures that deserve a second look: those that the model is unsure of, near copies, those unlike the rest, and the map."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from ..drawing.pictures import pictures
from ..drawing.wording import count, percent
from ..html.components import EMPTY, figure, folded, how_to_read, joined, view
from ..html.page import Section
from ..html.tiles import Sprite, sprite, tile_html
from ..plots.screening import class_circle
from ..sections.section import About
from .classes import evidence_views
from .evidence import Answers, Likeness

_MOST_PAIRS = 24


def unsure_section(found: Answers, about: About) -> tuple[Section, list[Sprite]]:
    """The pictures between two classes, with what speaks for the one rather than the other."""
    unsure, names = found.unsure, about.class_names
    if not len(unsure.numbers):
        return Section("unsure", "Unsure", EMPTY, view="images"), []
    rows = zip(unsure.numbers, unsure.first, unsure.second, unsure.probability, unsure.of_second, strict=True)
    notes = [
        (f"{names[one]} {percent(p, 0)}, {names[other]} {percent(q, 0)}", about.dataset.called(int(image)))
        for image, one, other, p, q in rows
    ]
    views, sprites = evidence_views("unsure", unsure.numbers, unsure.contrast, notes, about)
    reading = (
        "The two likeliest classes of each of these pictures are nearest to each other. Warm places speak for the first class "
        "rather than the second, cold ones for the second."
    )
    html = joined([how_to_read(reading), Markup('<div class="views twin-views">{}</div>').format(joined(views))])
    return Section(
        "unsure", "Between two classes", html, lead="Where would a person be asked first?", view="images"
    ), sprites


def likeness_section(found: Likeness, about: About) -> tuple[Section, list[Sprite]]:
    """Near copies, pictures unlike the rest, and the map of all."""
    copies, copy_sheets = _copies(found, about)
    strangers, stranger_sheets = _strangers(found, about)
    parts = {
        "near-copies": ("Near copies", copies),
        "unlike": ("Unlike the rest", strangers),
        "data-map": ("Map", _map(found, about)),
    }
    html = joined(Markup('<h3 id="{}">{}</h3>{}').format(name, *each) for name, each in parts.items())
    named = [(name, heading) for name, (heading, _) in parts.items()]
    return Section("likeness", "Alike and unlike", html, parts=named, view="data"), [*copy_sheets, *stranger_sheets]


def _copies(found: Likeness, about: About) -> tuple[Markup, list[Sprite]]:
    pairs = found.copies.pairs[:_MOST_PAIRS]
    if found.copies.compared < 2:
        return Markup("<p>There is one picture, and no other to compare it with.</p>"), []
    seen = "shifts, " if found.copies.centred else ""
    text = Markup(
        "<p>{} {} compared are near copies: alike but for {}mirroring, brightness and how they are stored.</p>"
    ).format(
        f"{count(len(found.copies.pairs), 'pair')} of" if len(pairs) else "No two of the",
        count(found.copies.compared, "picture"),
        seen,
    )
    if not len(pairs):
        return text, []
    sheet = sprite("copies", pictures(about.dataset.shown[pairs.ravel()], about.dataset.shown_range, 56), columns=8)
    views = []
    for place, (pair, alike) in enumerate(zip(pairs, found.copies.correlation, strict=False)):
        tiles = [
            tile_html(sheet, 2 * place + side, f"picture {about.dataset.called(int(pair[side]))}") for side in (0, 1)
        ]
        twins = Markup('<span class="twins">{}{}</span>').format(*tiles)
        said = dict.fromkeys(about.class_names[about.dataset.labels[image]] for image in pair)
        views.append(view(twins, " | ".join(said), note=f"{pair[0]} and {pair[1]}, r {alike:.3f}"))
    return joined(
        [text, folded("The pairs", Markup('<div class="views twin-views">{}</div>').format(joined(views)))]
    ), [sheet]


def _strangers(found: Likeness, about: About) -> tuple[Markup, list[Sprite]]:
    if found.strangers is None:
        return Markup("<p>There are too few pictures, or the model shows no hidden layer to compare them by.</p>"), []
    if not len(found.strangers.numbers):
        return Markup("<p>None stands out: of so few pictures many are equally unlike the rest.</p>"), []
    text = Markup(
        "<p>The pictures most unlike the rest, by how little speaks for any class and by their neighbours in the last hidden "
        "layer. Some picture is always the most unlike, so to be listed proves nothing. It misses "
        "about half of pictures turned by 90 degrees and most lightly "
        "blurred ones.{}</p>"
    ).format(" The pictures are few: the order is a rough one." if found.strangers.rough else "")
    numbers = found.strangers.numbers
    sheet = sprite("unlike-the-rest", pictures(about.dataset.shown[numbers], about.dataset.shown_range, 56))
    views = [
        view(
            tile_html(sheet, place, f"picture {about.dataset.called(int(image))}"),
            about.class_names[about.dataset.labels[image]],
            note=f"{about.dataset.called(int(image))}, {percent(float(value), 2)} of the rest are as unlike",
        )
        for place, (image, value) in enumerate(zip(numbers, found.strangers.p_value, strict=True))
    ]
    return joined([text, Markup('<div class="views">{}</div>').format(joined(views))]), [sheet]


def _map(found: Likeness, about: About) -> Markup:
    every = np.ones(len(about.dataset), bool)
    drawn = class_circle(found.map, about.dataset.labels, every, about.class_names, word="picture")
    return figure(drawn.svg(), "A point lies where the probabilities pull it; other distances mean nothing.")
