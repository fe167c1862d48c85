"""What each class looks for: the pictures that it is answered to with the greatest certainty, and what speaks for it there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from markupsafe import Markup

from ..drawing.colors import contrast_overlay
from ..drawing.enlarging import enlarge
from ..drawing.pictures import pictures
from ..drawing.wording import count, number, percent
from ..evidence.trust import CONTRAST
from ..html.components import EMPTY, how_to_read, joined, name_html, notice, table, view
from ..html.page import Section
from ..html.tiles import Sprite, sprite, tile_html
from ..html.trust_marks import method_mark
from ..sections.section import About
from .evidence import Answers, ClassAnswers

_MOST_CLASSES = 40  # with pictures; of more those that are answered most often
_READING = (
    "Warm places speak for the class, cold ones against it (HiResCAM, in units of the logit; a map's own largest size is its "
    "full colour). Whether the answer is right nobody has said; how far the maps can be believed stands under Trust."
)


def headline(found: Answers, about: About) -> str:
    """What is answered most, a sentence."""
    asked = sorted((each for each in found.classes if each.images), key=lambda each: -each.images)
    total, names = len(about.dataset), about.class_names
    if len(asked) == 1:
        return f"{names[asked[0].label]} is answered to {'all' if total > 1 else 'the one'} {_pictures(total)}"
    lead = [f"{percent(each.images / total, 0)} {names[each.label]}" for each in asked[:3]]
    more = f" and {len(asked) - 3} more" if len(asked) > 3 else ""
    return f"Of {count(total, 'picture')}: {', '.join(lead)}{more}"


def _pictures(total: int) -> str:
    return count(total, "picture") if total > 1 else "picture"


def answers_section(found: Answers, about: About) -> Section:
    """How often each class is answered, and how surely."""
    rows = [
        (
            Markup('<a href="#class-{}">{}</a>').format(each.label, name_html(about.class_names[each.label])),
            f"{each.images:,}",
            percent(each.images / len(about.dataset)),
            "–" if not each.images else percent(each.probability),
        )
        for each in sorted(found.classes, key=lambda each: -each.images)
        if each.images
    ]
    never = [about.class_names[each.label] for each in found.classes if not each.images]
    html = [
        Markup("<p>These pictures came without labels: told is what the model answers, not whether it is right.</p>"),
        table(["Class", "Pictures", "Share", "Mean probability"], rows, caption="The answers", numeric=[1, 2, 3]),
        Markup("<p>{}</p>").format(_sureness(found)),
    ]
    if never:
        html.append(Markup("<p>Never answered: {}.</p>").format(Markup(", ").join(map(name_html, never[:30]))))
    return Section("answers", "Answers", joined(html), view="findings")


def _sureness(found: Answers) -> str:
    shares = [f"{percent(share)} at {percent(float(level), 0)} or more" for level, share in found.at_least.items()]
    return (
        f"The mean probability of the class answered is {percent(found.probability)}; answered are {', '.join(shares)}. How far "
        f"such probabilities can be believed is measured on labelled images only."
    )


def classes_section(found: Answers, about: About) -> tuple[Section, list[Sprite]]:
    """An article for each class that is answered."""
    shown = sorted((each for each in found.classes if each.images), key=lambda each: -each.images)
    articles, sprites = [], []
    for each in shown[:_MOST_CLASSES]:
        article, own = _article(each, about)
        articles.append(article)
        sprites += own
    cut = [notice(f"{len(shown) - _MOST_CLASSES} classes that are answered less often are left out.")]
    html = [*(cut if len(shown) > _MOST_CLASSES else []), *_about_maps(found), *articles]
    return Section("classes-answered", "What each class looks for", joined(html), view="classes"), sprites


def _about_maps(found: Answers) -> list[Markup]:
    if found.cam_layer is None:
        return [notice("The pictures come without maps: no layer of the model has places, or it takes whole numbers.")]
    return [how_to_read(f"Maps at {found.cam_layer}. {_READING}")]


def _article(found: ClassAnswers, about: About) -> tuple[Markup, list[Sprite]]:
    name, called = about.class_names[found.label], about.dataset.called
    notes = [(percent(p), called(int(image))) for image, p in zip(found.numbers, found.sure, strict=True)]
    views, sprites = evidence_views(f"answered-{found.label}", found.numbers, found.maps, notes, about)
    return Markup(
        '<article id="class-{}"><h3>{}</h3><p>{}, the surest first.</p><div class="views twin-views">{}</div></article>'
    ).format(found.label, name_html(name), f"Answered to {count(found.images, 'picture')}", joined(views)), sprites


def evidence_views(
    name: str, numbers: np.ndarray, maps: np.ndarray | None, notes: Sequence[tuple[str, str]], about: About
) -> tuple[list[Markup], list[Sprite]]:
    """Each picture, beside it the map over it where there are maps, with a (what, note) below."""
    plain = pictures(about.dataset.shown[numbers], about.dataset.shown_range, 84)
    sheets = [sprite(name, plain)]
    if maps is not None:
        ends = np.abs(maps).max(axis=(1, 2), keepdims=True)
        sheets.append(sprite(f"{name}-maps", contrast_overlay(plain, enlarge(maps, plain.shape[1:3]), ends)))
    mark = EMPTY if maps is None else method_mark(about.verdicts, CONTRAST)
    views = []
    for place, (what, note) in enumerate(notes):
        shown = tile_html(sheets[0], place, f"picture {note}; {what}")
        if maps is None:
            views.append(view(shown, what, note=note))
            continue
        end = f"±{number(float(np.abs(maps[place]).max()))}"
        laid = tile_html(sheets[1], place, f"{CONTRAST} over the picture; {what}, {end}")
        twins = Markup('<span class="twins">{}{}</span>').format(shown, laid)
        views.append(view(twins, what, note=f"{note}; map {end}", mark=mark))
    return views, sheets
