"""What lies behind each mistake: the right answers beside it, the channels that lead, the smallest change that flips it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from markupsafe import Markup

from ....interpret.layers.nearest_answers import NearestAnswers
from ....interpret.layers.survey import SurveyStatistic
from ....interpret.pixel_removal.smallest_flip import with_square
from ....interpret.stream.hidden import HiddenStatistic
from ...drawing.pictures import pictures, pictures_at
from ...drawing.reason_words import channel_words, flip_words
from ...drawing.wording import count
from ...evidence.mistakes import Mistakes
from ...evidence.screening.reasons import ReasonsEvidence, gather_reasons
from ...evidence.screening.suspects import hidden_of
from ...evidence.seen import Seen
from ...html.components import EMPTY, joined, view
from ...html.payload import packed
from ...html.tiles import Sprite, sprite, tile_html
from ..front.matrix import pair_html
from ..section import About, Finding, Part

_DRAWN_OF_EACH = 2  # of the nearest right answers, on every card; more would make the file large


class ReasonsSection:
    """The section; see `ReportSection`."""

    view = "confusions"
    id, title, lead = (
        "reasons",
        "Behind single mistakes",
        "What is beside them, what leads, and what would change them?",
    )

    def needs(self, seen: Seen) -> tuple[SurveyStatistic, HiddenStatistic]:
        """The model's answers and the last hidden layer."""
        return seen.surveying(), hidden_of(seen)

    def evidence(self, seen: Seen, earlier: Mapping[str, Any]) -> ReasonsEvidence | None:
        """What lies behind the mistakes that are explained; None where none is."""
        mistakes: Mistakes | None = earlier.get("mistakes")
        return None if mistakes is None or not len(mistakes.numbers) else gather_reasons(seen, mistakes)

    def findings(self, found: ReasonsEvidence, about: About) -> Iterator[Finding]:
        """Nothing of its own: these are reasons of single images."""
        yield from ()

    def html(self, found: ReasonsEvidence, about: About) -> Part:
        """The mistakes whose smallest flip was searched, with all that lies behind them."""
        rows = found.flipped
        if not len(rows):
            return Part(EMPTY, payload={"reasons": _told(found)}, pictures=_pictured(found))
        sheets = _sheets(found, about)
        cards = joined(_card(found, about, sheets, place, int(row)) for place, row in enumerate(rows))
        text = Markup("<p>{} of {:,} explained: the surest of each confusion, the largest confusions first.</p>")
        head = text.format(count(len(rows), "mistake"), len(found.numbers))
        more = Markup("<p>The card of every explained mistake has its nearest right answers and its channels.</p>")
        html = Markup('<noscript>{}<div class="mistakes">{}</div></noscript>').format(head, cards)
        return Part(
            joined([more, html]), list(sheets.values()), payload={"reasons": _told(found)}, pictures=_pictured(found)
        )


def _pictured(found: ReasonsEvidence) -> tuple[int, ...]:
    """The neighbours' numbers."""
    if found.nearest is None:
        return ()
    near = _near(found.nearest)
    return tuple(int(number) for number in np.unique(near[near >= 0]))


def _near(found: NearestAnswers) -> np.ndarray:
    """int64[N,4]: the two nearest of the true class, then of the predicted one."""
    return np.concatenate([found.of_true[:, :_DRAWN_OF_EACH], found.of_predicted[:, :_DRAWN_OF_EACH]], axis=1)


def _told(found: ReasonsEvidence) -> dict[str, Any]:
    """What stands behind each explained mistake, for the page's program."""
    told: dict[str, Any] = {"hidden": found.hidden, "layer": found.layer}
    if found.nearest is not None:
        near = _near(found.nearest)
        told |= {"near": packed(near.astype(np.int32)), "each": near.shape[1] // 2}
    if found.layer is not None and np.isfinite(found.share).any():
        told |= {"channels": packed(found.channels.astype(np.uint16)), "parts": packed(found.parts.astype(np.float32))}
    if found.flips is not None and found.flips.searched:
        flips = found.flips
        columns = zip(flips.before, flips.after, flips.row, flips.column, flips.side, strict=True)
        told["flips"] = {
            str(int(row)): [*(int(value) for value in each), flips.searched, flips.stride]
            for row, each in zip(found.flipped, columns, strict=True)
        }
    return told


def _sheets(found: ReasonsEvidence, about: About) -> dict[str, Sprite]:
    """The images, those with their square, and their neighbours."""
    dataset, rows = about.dataset, found.flipped
    shown, limits = dataset.shown[found.numbers[rows]], dataset.shown_range
    sheets = {"picture": sprite("reason-picture", pictures(shown, limits, 56))}
    if found.flips is not None:
        grey = (limits[0] + limits[1]) / 2
        flips = found.flips
        changed = with_square(np.array(shown), flips.row, flips.column, flips.side, grey)
        sheets["flip"] = sprite("reason-flip", pictures(changed, limits, 56))
    if found.nearest is not None:
        near = np.concatenate([found.nearest.of_true[rows], found.nearest.of_predicted[rows]], axis=1)
        drawn = pictures_at(dataset.shown, np.maximum(near, 0).ravel(), limits, 56)
        sheets["near"] = sprite("reason-near", drawn, columns=near.shape[1])
    return sheets


def _card(found: ReasonsEvidence, about: About, sheets: dict[str, Sprite], place: int, row: int) -> Markup:
    names, image = about.class_names, int(found.numbers[row])
    meant, said = names[found.true[row]], names[found.predicted[row]]
    views = [view(tile_html(sheets["picture"], place, f"image {about.dataset.called(image)}"), "Image")]
    if "flip" in sheets and found.flips is not None and found.flips.side[place]:
        after = names[found.flips.after[place]]
        views.append(view(tile_html(sheets["flip"], place, f"with the square: {after}"), f"Then {after}"))
    views += _neighbours(found, sheets, place, row, (meant, said))
    lead = (found.channels[row], found.parts[row], float(found.share[row]))
    sentences = [flip_words(found.flips, place, names), channel_words(found.layer, *lead, said, meant)]
    return Markup(
        '<article class="reason mistake"><header><h4>{}</h4><a class="number" href="#/image/{}">image {}</a></header>'
        '<div class="views">{}</div><p class="says">{}</p></article>'
    ).format(
        pair_html(names, int(found.true[row]), int(found.predicted[row])),
        image,
        about.dataset.called(image),
        joined(views),
        " ".join(filter(None, sentences)),
    )


def _neighbours(
    found: ReasonsEvidence, sheets: dict[str, Sprite], place: int, row: int, names: tuple[str, str]
) -> list[Markup]:
    """The nearest right answers of the true class, then of the predicted one."""
    if found.nearest is None or "near" not in sheets:
        return []
    sides = (
        (found.nearest.of_true, found.nearest.true_cosine),
        (found.nearest.of_predicted, found.nearest.predicted_cosine),
    )
    each = found.nearest.of_true.shape[1]
    views = []
    for side, (near, cosine) in enumerate(sides):
        for turn, (image, alike) in enumerate(zip(near[row], cosine[row], strict=True)):
            if image >= 0:
                tile = tile_html(sheets["near"], 2 * each * place + each * side + turn, f"image {image}, {names[side]}")
                views.append(view(tile, names[side], note=f"{image}, cosine {alike:.2f}"))
    return views
