"""The mistakes: a table of all confusions, the first images of the largest, and all of them for the page's program."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from markupsafe import Markup

from ...interpret.layers.survey import SurveyStatistic
from ...interpret.maps.location import locate
from ...interpret.maps.regions import NOWHERE, EvidenceRegions, evidence_regions, region_words
from ...interpret.methods.catalogue import KnownMethod
from ..drawing.wording import count, number, percent
from ..evidence.further_maps import further_maps
from ..evidence.mistakes import SURE, Confusion, Mistakes, gather_mistakes
from ..evidence.seen import Seen
from ..html.components import EMPTY, how_to_read, joined, name_html, notice, probabilities, table
from ..html.map_notes import EMPTY_MAPS, averaged_to, faded_reading
from ..html.payload import packed, smallest_type
from ..html.tiles import Sprite, tile_html
from .front.matrix import pair_html
from .mistake_pictures import contrast_sheet, method_sheets, ready_made
from .section import About, Finding, Part

MOST_GROUPS, MOST_OF_A_GROUP = 6, 12  # that stand on the page itself, for those who run no program
_MOST_ROWS = 75  # confusions in the table
_BINS = 40


class MistakesSection:
    """The section; see `ReportSection`."""

    view = "confusions"
    id, title, lead = "mistakes", "Mistakes", "Why the predicted class, and why not the true one?"

    def needs(self, seen: Seen) -> tuple[SurveyStatistic]:
        """The survey of the layers, which has the model's answers too."""
        return (seen.surveying(),)

    def evidence(self, seen: Seen, earlier: Mapping[str, Any]) -> Mistakes | None:
        """The misclassified images with their maps; None for a model without class maps."""
        if not seen.has_class_maps:
            return None
        telling = seen.progress("explaining the mistakes")
        found = gather_mistakes(
            seen.look, seen.dataset, seen.survey, seen.evaluation, telling, seen.batch_size, seen.plan.drawn
        )
        further = tuple(
            further_maps(
                known,
                seen.model,
                seen.dataset,
                found.numbers,
                found.predicted,
                cam_layer=found.cam_layer,
                size=(found.pictures.shape[1], found.pictures.shape[2]),
                batch_size=seen.batch_size,
                progress=seen.progress(f"explaining the mistakes by {known.name}"),
            )
            for known in seen.further_methods
        )
        return replace(found, further=further)

    def findings(self, found: Mistakes, about: About) -> Iterator[Finding]:
        """The most frequent confusion, and the mistakes that the model is sure of."""
        yield from _most_confused(found, about.class_names)
        yield from _sure_mistakes(found)

    def html(self, found: Mistakes, about: About) -> Part:
        """The confusions as a table, the first images of the largest, and what the program draws from."""
        if not found.total:
            images = len(about.dataset)
            nothing = "The one image is" if images == 1 else f"All {images:,} images are"
            return Part(Markup("<p>{} correctly classified.</p>").format(nothing))
        where = evidence_regions(found.contrast)
        groups, sheets = _groups(found, about, where)
        html = Markup('<div id="confusion-detail"></div><div id="confusion-list">{}</div>').format(
            joined([_introduction(found, about), *_cut(found), _table(found, about), groups])
        )
        payload = {
            "mistakes": _rows(found, where, len(about.class_names)),
            "contrast": contrast_sheet(found, about.verdicts, about.information.unit),
            "maps": method_sheets(found, about.verdicts, about.information.unit),
            "confusions": [{"t": each.true, "p": each.predicted, "n": each.count} for each in found.confusions],
        }
        return Part(html, sheets, payload=payload, pictures=tuple(int(number) for number in found.numbers))


def _rows(found: Mistakes, where: EvidenceRegions, classes: int) -> dict[str, Any]:
    """Each explained mistake in numbers: its four largest probabilities, its lead, and where its evidence lies."""
    shares = found.probabilities
    order = np.argsort(-shares, axis=1, kind="stable")[:, : min(4, classes)]
    order = np.pad(order, ((0, 0), (0, 4 - order.shape[1])), mode="edge")
    for row in np.flatnonzero((order != found.true[:, None]).all(axis=1)):
        order[row, -1] = found.true[row]  # the true class is always among them
    half = np.array([each.half_area for each in locate(found.contrast)], np.float64)
    return {
        "ids": packed(found.numbers.astype(np.uint32)),
        "top": packed(smallest_type(order)),
        "shares": packed(np.rint(np.take_along_axis(shares, order, axis=1) * 65535).astype(np.uint16)),
        "gap": packed(found.logit_gap.astype(np.float32)),
        "first": packed(where.first.astype(np.int8)),
        "second": packed(where.second.astype(np.int8)),
        "held": packed(np.rint(255 * np.nan_to_num(where.held)).astype(np.uint8)),
        "half": packed(np.ceil(255 * np.nan_to_num(half)).astype(np.uint8)),
    }


def _introduction(found: Mistakes, about: About) -> Markup:
    layer, total, images = found.cam_layer, found.total, len(about.dataset)
    reading = (
        f"The contrast at {layer} is activation times gradient of the difference of two logits (HiResCAM): warm where "
        f"the layer speaks for the predicted class and against the true one, cold the other way round. The maps of one class "
        f"are on a scale that ends at the method’s median peak over the mistakes, or higher where one is stronger, so that a "
        f"weak map looks weak. Methods that passed the tests on this model come first; those that failed stand behind “more”. "
        f"{EMPTY_MAPS}",
        f"Saliency is how much each pixel moves the class’s logit, in logit per unit of pixel value "
        f"(logit/unit){averaged_to(found.pictures, about.dataset.images)}.",
        "Places are ninths of the picture; the one or two that hold the most of what speaks for the predicted class are named "
        "with their share, where they stand out.",
        faded_reading(about.information.head),
        *(_reading_of(further.known) for further in found.further),
    )
    return Markup("<p>{} of {:,} ({}), by confusion; a row leads to its images.</p>{}").format(
        count(total, "image"), images, percent(total / images), how_to_read(*reading)
    )


def _reading_of(known: KnownMethod) -> str:
    """What to know of the maps of a method that was asked for."""
    meant = ", whose values below 0 speak against it" if known.signed else ""
    remark = f" ({known.remark})" if known.remark else ""
    return f"{known.name}{remark} is of the predicted class, in {known.unit}{meant}; each map has a scale of its own."


def _cut(mistakes: Mistakes) -> list[Markup]:
    shown = len(mistakes.numbers)
    if shown == mistakes.total:
        return []
    return [
        notice(
            f"{shown:,} of the {mistakes.total:,} mistakes are explained, the surest of each confusion first, so that the "
            f"file stays small.",
            kind="warning",
        )
    ]


def _table(found: Mistakes, about: About) -> Markup:
    names, support = about.class_names, np.bincount(about.dataset.labels, minlength=len(about.class_names))
    shown = found.confusions[:_MOST_ROWS]
    rows = [
        (
            Markup('<a id="/confusion/{0}-{1}" href="#/confusion/{0}-{1}">{2}</a>').format(
                each.true, each.predicted, pair_html(names, each.true, each.predicted)
            ),
            f"{each.count:,}",
            percent(each.count / max(1, support[each.true])),
            percent(float(found.probabilities[each.places, each.predicted].mean())) if len(each.places) else "–",
            percent(float(found.probabilities[each.places, each.predicted].max())) if len(each.places) else "–",
        )
        for each in shown
    ]
    cut = "" if len(shown) == len(found.confusions) else f", the {len(shown)} largest of {len(found.confusions):,}"
    return table(
        ["True → predicted", "Images", "Share of the true class", "Mean probability", "Surest"],
        rows,
        caption=f"All confusions{cut}",
        numeric=[1, 2, 3, 4],
    )


def _groups(found: Mistakes, about: About, where: EvidenceRegions) -> tuple[Markup, list[Sprite]]:
    """The first images of the largest confusions: for those who run no program, and for print."""
    groups = [group for group in found.confusions[:MOST_GROUPS] if len(group.places)]
    rows = np.concatenate([group.places[:MOST_OF_A_GROUP] for group in groups])
    sheet = ready_made(found, rows, about.dataset.shown_range)
    places = {int(row): place for place, row in enumerate(rows)}
    shown = joined(_group(found, about, where, group, sheet, places) for group in groups)
    return Markup("<noscript>{}</noscript>").format(shown), [sheet]


def _group(
    found: Mistakes,
    about: About,
    where: EvidenceRegions,
    group: Confusion,
    sheet: Sprite,
    places: dict[int, int],
) -> Markup:
    some = [int(row) for row in group.places[:MOST_OF_A_GROUP]]
    amount = count(group.count, "image") if len(some) == group.count else f"the {len(some)} surest of {group.count:,}"
    cards = joined(_card(found, about, where, row, sheet, places[row]) for row in some)
    return Markup(
        '<h3 id="confusion-{}-{}">{} <small>{}; left the picture, right the contrast</small></h3><div class="mistakes">{}</div>'
    ).format(group.true, group.predicted, pair_html(about.class_names, group.true, group.predicted), amount, cards)


def _card(found: Mistakes, about: About, where: EvidenceRegions, row: int, sheet: Sprite, place: int) -> Markup:
    names, image = about.class_names, int(found.numbers[row])
    true, said = int(found.true[row]), int(found.predicted[row])
    called = about.dataset.called(image)
    label = f"image {called}, {names[true]}, and what speaks for {names[said]} rather than {names[true]}"
    return Markup(
        '<article class="mistake" id="image-{}"><h4>image {}</h4>{}{}<p class="says">{}</p></article>'
    ).format(
        image,
        called,
        tile_html(sheet, place, label),
        probabilities(_bars(found.probabilities[row], true, said, names)),
        sentence(found, where, row, names),
    )


def _bars(shares: np.ndarray, true: int, predicted: int, names: tuple[str, ...]) -> list[tuple[str, float, str]]:
    """The three largest probabilities and the true class's."""
    ranked = [int(label) for label in np.argsort(-shares, kind="stable")[:3]]
    kinds = {true: "t", predicted: "p"}
    shown = ranked if true in ranked else [*ranked, true]
    return [(names[label], float(shares[label]), kinds.get(label, "")) for label in shown]


def sentence(found: Mistakes, where: EvidenceRegions, row: int, names: tuple[str, ...]) -> Markup:
    """By how much the predicted class leads, and which of nine places speak for it."""
    first, second = int(where.first[row]), int(where.second[row])
    lead = Markup("{} leads by {} logits. ").format(
        name_html(names[int(found.predicted[row])]), number(float(found.logit_gap[row]))
    )
    if not np.isfinite(where.shares[row]).all():
        return lead + Markup("No place speaks for it rather than {}.").format(name_html(names[int(found.true[row])]))
    if first == NOWHERE:
        return lead + EMPTY + Markup("No one place of nine stands out in what speaks for it.")
    return lead + Markup("{} of what speaks for it lies at the {}.").format(
        percent(float(where.held[row]), 0), region_words(first, second)
    )


def _most_confused(found: Mistakes, names: tuple[str, ...]) -> Iterator[Finding]:
    confusions = found.confusions
    if len(confusions) < 2 or confusions[0].count == confusions[1].count:  # none is the most frequent
        return
    first = confusions[0]
    few = confusions[: max(1, len(confusions) // 10)]
    share = sum(confusion.count for confusion in few) / found.total
    yield Finding(
        f"{names[first.true]} taken for {names[first.predicted]} is the most frequent confusion "
        f"({count(first.count, 'image')}); {count(len(few), 'confusion')} of {len(confusions)} "
        f"make{'s' if len(few) == 1 else ''} {percent(share, 0)} of all mistakes.",
        severity="fact",
        number=first.count,
        anchor=f"/confusion/{first.true}-{first.predicted}",
        link="these images",
        weight=0.9,
    )


def _sure_mistakes(found: Mistakes) -> Iterator[Finding]:
    if not found.sure_mistakes:
        return
    right, verb = found.sure_answers - found.sure_mistakes, "is" if found.sure_mistakes == 1 else "are"
    yield Finding(
        f"{count(found.sure_mistakes, 'mistake')} of {found.total:,} {verb} made with more than "
        f"{percent(SURE, 0)} probability; of all {found.sure_answers:,} answers that sure, "
        f"{percent(right / found.sure_answers)} are right.",
        severity="caution",
        number=found.sure_mistakes,
        anchor="/images?flag=sure",
        link="mistakes",
        weight=0.85,
    )
