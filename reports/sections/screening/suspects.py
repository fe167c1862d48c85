"""Suspected labels, near copies, images unlike the rest, sets of classes and refusals, and the map of the data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from markupsafe import Markup

from ....interpret.layers.survey import SurveyStatistic
from ....interpret.stream.hidden import HiddenStatistic
from ....interpret.trust.verdicts import FEWEST_IMAGES
from ....models.screening.near_copies import NearCopies, SmallPictures
from ...drawing.pictures import pictures_at
from ...drawing.wording import count, listed, percent
from ...evidence.screening.suspects import ScreeningEvidence, gather_screening, hidden_of, pictures_of
from ...evidence.seen import Seen
from ...html.components import EMPTY, figure, folded, joined, view
from ...html.payload import packed
from ...html.tiles import Sprite, sprite, tile_html
from ...plots.screening import class_circle, refusal_curve
from ..images import flag_of
from ..section import About, Finding, Part

_REFUSE_BELOW = 0.5
_MOST_PAIRS = 24
_MOST_FLAGGED = 50
_LISTS = {"suspects": "suspected", "strangers": "unlike"}  # {its sprite: the flag that lists the same images}


class ScreeningSection:
    """The section; see `ReportSection`."""

    view = "data"
    id, title, lead = "screening", "Suspects", "Which labels and images deserve a second look?"

    def needs(self, seen: Seen) -> tuple[SurveyStatistic, HiddenStatistic, SmallPictures]:
        """The model's answers, the last hidden layer, and small pictures."""
        return seen.surveying(), hidden_of(seen), pictures_of(seen)

    def evidence(self, seen: Seen, earlier: Mapping[str, Any]) -> ScreeningEvidence | None:
        """What is suspect; None where the answers are no probabilities of classes."""
        return gather_screening(seen) if np.isfinite(seen.evaluation.probabilities).all() else None

    def findings(self, found: ScreeningEvidence, about: About) -> Iterator[Finding]:
        """Suspected labels, near copies in training, and what refusing wins; silent where there is nothing to say."""
        yield from _labels_finding(found)
        yield from _copies_finding(found)
        yield from _refusal_finding(found, len(about.dataset))

    def html(self, found: ScreeningEvidence, about: About) -> Part:
        """Lists with pictures, and two plots."""
        labels, label_sheets = _labels(found, about)
        copies, copy_sheets = _copies(found, about)
        strangers, stranger_sheets = _strangers(found, about)
        parts = {
            "suspected-labels": ("Suspected labels", labels),
            "near-copies": ("Near copies", copies),
            "unlike": ("Unlike the rest", strangers),
            "refusals": ("Answer or refuse", _refusals(found)),
            "data-map": ("Map", _map(found, about)),
        }
        html = [Markup('<h3 id="{}">{}</h3>{}').format(name, *each) for name, each in parts.items()]
        named = [(name, heading) for name, (heading, _) in parts.items()]
        sheets = [*label_sheets, *copy_sheets, *stranger_sheets]
        flags = _flags(found)
        return Part(
            joined(html),
            sheets,
            named,
            payload={"flags": [flag_of(name, *each) for name, each in flags.items()], "map": _placed(found)},
            pictures=sorted({int(number) for _, numbers in flags.values() for number in numbers}),
        )


def _flags(found: ScreeningEvidence) -> dict[str, tuple[str, np.ndarray]]:
    """The lists that the images can be filtered by: {id: (title, numbers of the images)}."""
    suspects = found.labels.numbers[:_MOST_FLAGGED] if found.labels.refused is None else np.zeros(0, np.int64)
    lists = {
        "suspected": ("suspected wrong labels", suspects),
        "copies": ("near copies", np.unique(found.copies.pairs[:_MOST_PAIRS])),
        "unlike": ("unlike the rest", np.zeros(0, np.int64) if found.strangers is None else found.strangers.numbers),
    }
    return {name: each for name, each in lists.items() if len(each[1])}


def _placed(found: ScreeningEvidence) -> dict[str, Any]:
    """The map as the page's program draws it: x and y from -127 to 127."""
    points = np.rint(127 * np.clip(found.map.points, -1, 1)).astype(np.int8)
    return {"x": packed(points[:, 0]), "y": packed(points[:, 1]), "places": found.map.places.round(3).tolist()}


def _labels_finding(found: ScreeningEvidence) -> Iterator[Finding]:
    if found.labels.refused is None and found.labels.listed:
        yield Finding(
            f"{count(found.labels.listed, 'label')} {_is(found.labels.listed)} suspected to be wrong. {labels_sentence(found)}",
            severity="caution",
            number=found.labels.listed,
            anchor="suspected-labels",
            link="suspected labels",
            weight=0.6,
        )


def labels_sentence(found: ScreeningEvidence) -> str:
    """How far the list of suspected labels can be believed."""
    labels = found.labels
    one = 1 / len(found.answers)
    innocent = f"about {percent(labels.innocent)}" if labels.innocent >= one else f"fewer than {percent(one)}"
    said = (
        f"If 3 % of the labels were wrong, {_nearly(labels.precision)} of those listed would be; if 1 % were, "
        f"{_nearly(labels.precision_of_fewer)}. Of images with a correct label {innocent} are listed all the same."
    )
    if labels.ranked_by == "neighbours":
        said += " The model has learnt some wrong labels by heart; those are missing here."
    return said


def _nearly(share: float) -> str:
    """A share that was estimated: never all."""
    return "nearly all" if share > 0.99 else percent(share, 0)


def _copies_finding(found: ScreeningEvidence) -> Iterator[Finding]:
    across = found.training_copies
    if across is not None and len(across.pairs):
        share = len(across.pairs) / across.compared
        yield Finding(
            f"{percent(share)} of the images have a near copy in training; accuracy without them: "
            f"{percent(found.accuracy_without, 2)}.",
            severity="caution" if share > 0.01 else "fact",
            number=share,
            anchor="near-copies",
            link="near copies",
            weight=0.62,
        )
    if found.copies_of_other_classes:
        many = found.copies_of_other_classes
        yield Finding(
            f"{count(many, 'pair')} of near copies {_has(many)} two labels: one of each is wrong, or the classes overlap.",
            severity="caution",
            number=many,
            anchor="near-copies",
            link="near copies",
            weight=0.61,
        )


def _refusal_finding(found: ScreeningEvidence, images: int) -> Iterator[Finding]:
    curve = found.refusals
    at = int(np.searchsorted(curve.thresholds, _REFUSE_BELOW))
    refused = 1 - curve.answered[at]
    if images < FEWEST_IMAGES or refused * images < 1 or not np.isfinite(curve.right[at]):
        return
    yield Finding(
        f"Refusing the answers below {percent(_REFUSE_BELOW, 0)} probability leaves {percent(curve.answered[at])} answered, "
        f"{percent(curve.right[at])} of them correctly, instead of {percent(curve.right[0])} of all.",
        severity="fact",
        number=float(curve.right[at]),
        anchor="refusals",
        link="what refusing wins",
        weight=0.7,
    )


def _labels(found: ScreeningEvidence, about: About) -> tuple[Markup, list[Sprite]]:
    labels, names = found.labels, about.class_names
    if labels.refused is not None:
        return Markup("<p>No label is questioned: {}.</p>").format(labels.refused), []
    if not labels.listed:
        return Markup("<p>No label is suspected.</p>"), []
    way = (
        "the probability of the given label" if labels.ranked_by == "probability" else "the labels of their neighbours"
    )
    shown = "" if labels.listed == len(labels.numbers) else f" The first {len(labels.numbers)} are shown."
    text = Markup("<p>{} by {}.{} {}</p>").format(count(labels.listed, "image"), way, shown, labels_sentence(found))
    columns = (labels.numbers, labels.given, labels.suggested, labels.probability, found.witnessed)
    notes = [
        (
            f"{names[given]}, rather {names[other]}",
            f"image {about.dataset.called(image)}, {percent(chance, 2)} {names[given]}"
            f"{', a near copy has another label' if witness else ''}",
        )
        for image, given, other, chance, witness in zip(*columns, strict=True)
    ]
    return _gallery("suspects", labels.numbers, notes, text, about)


def _gallery(
    name: str, numbers: np.ndarray, notes: Sequence[tuple[str, str]], text: Markup, about: About
) -> tuple[Markup, list[Sprite]]:
    """Pictures with (what, note) below each."""
    sheet = sprite(name, pictures_at(about.dataset.shown, numbers, about.dataset.shown_range, 56))
    tiles = [tile_html(sheet, place, note.partition(",")[0]) for place, (_, note) in enumerate(notes)]
    views = [view(tile, what, note=note) for tile, (what, note) in zip(tiles, notes, strict=True)]
    shown = Markup('<p><a href="#/images?flag={}">as a list →</a></p><noscript><div class="views">{}</div></noscript>')
    return joined([text, shown.format(_LISTS[name], joined(views))]), [sheet]


def _copies(found: ScreeningEvidence, about: About) -> tuple[Markup, list[Sprite]]:
    said = [Markup("<p>{}</p>").format(_copies_words(found.copies, "of each other"))]
    if found.training_copies is not None:
        share = len(found.training_copies.pairs) / found.training_copies.compared
        told = f"{percent(share)} of the images have a near copy in training; accuracy without them: "
        said.append(Markup("<p>{}{}.</p>").format(told, percent(found.accuracy_without, 2)))
    pairs, names = found.copies.pairs[:_MOST_PAIRS], about.class_names
    if not len(pairs):
        return joined(said), []
    sheet = sprite(
        "near-copies", pictures_at(about.dataset.shown, pairs.ravel(), about.dataset.shown_range, 56), columns=8
    )
    views = []
    for place, (pair, alike) in enumerate(zip(pairs, found.copies.correlation, strict=False)):
        labels = [names[about.dataset.labels[image]] for image in pair]
        tiles = [tile_html(sheet, 2 * place + side, f"image {pair[side]}, {labels[side]}") for side in (0, 1)]
        twins = Markup('<span class="twins">{}{}</span>').format(*tiles)
        views.append(view(twins, " | ".join(dict.fromkeys(labels)), note=f"{pair[0]} and {pair[1]}, r {alike:.3f}"))
    shown = folded("The pairs", Markup('<div class="views twin-views">{}</div>').format(joined(views)))
    return joined([*said, shown]), [sheet]


def _copies_words(found: NearCopies, of: str) -> str:
    if found.compared < 2:
        return "There is one image, and no other to compare it with."
    seen = "shifts, " if found.centred else ""
    missed = "" if found.centred else " Pictures that are moved by more than 1 % of their side are not seen."
    return (
        f"Among the {found.compared:,} images compared {_are(len(found.pairs))} near copies {of}: alike but for {seen}"
        f"mirroring, brightness and how they are stored.{missed}"
    )


def _strangers(found: ScreeningEvidence, about: About) -> tuple[Markup, list[Sprite]]:
    if found.strangers is None:
        return Markup("<p>There are too few images, or the model shows no hidden layer to compare them by.</p>"), []
    if not len(found.strangers.numbers):
        return Markup("<p>None stands out: of so few images many are equally unlike the rest.</p>"), []
    text = Markup(
        "<p>The images most unlike the rest, by how little speaks for any class and by their neighbours in the last hidden "
        "layer. Some image is always the most unlike, so to be listed proves nothing. It misses about half of images turned by "
        "90 degrees and most "
        "lightly blurred ones; an answer to an image that is not listed can be wrong.{}</p>"
    ).format(" The images are few: the order is a rough one." if found.strangers.rough else "")
    names, dataset = about.class_names, about.dataset
    notes = [
        (names[dataset.labels[image]], f"image {dataset.called(image)}{'' if found.strangers.rough else _share(value)}")
        for image, value in zip(found.strangers.numbers, found.strangers.p_value, strict=True)
    ]
    return _gallery("strangers", found.strangers.numbers, notes, text, about)


def _share(p_value: float) -> str:
    return f", {percent(p_value, 2)} of the rest are as unlike"


def _refusals(found: ScreeningEvidence) -> Markup:
    if len(found.answers) < FEWEST_IMAGES:
        few = (
            f"{count(len(found.answers), 'image')} cannot tell what refusing wins: at least {FEWEST_IMAGES} are needed."
        )
        return Markup("<p>{}</p>").format(few)
    reading = "To the left few images are answered, those of the largest probability; to the right all are."
    drawn = figure(refusal_curve(found.refusals, _REFUSE_BELOW).svg(), "Answered against right.", reading=reading)
    if found.sets is None:
        return drawn
    sets = found.sets
    share = f"{percent(1 - sets.missed, 0)}"
    text = (
        f"Sets of classes that hold the true one in {share} of cases have {sets.size:.2f} classes on average; "
        f"{percent(sets.single, 0)} of them have one. Measured, each half of the images by the other: {percent(sets.coverage)}. "
        f"For images unlike these the promise is void."
    )
    return joined([drawn, Markup("<p>{}</p>").format(text)])


def _map(found: ScreeningEvidence, about: About) -> Markup:
    right = about.dataset.labels == found.answers
    caption = "A point lies where the probabilities pull it; other distances mean nothing."
    drawn = class_circle(found.map, about.dataset.labels, right, about.class_names)
    close = EMPTY
    if found.close is not None:
        named = listed([about.class_names[label] for label in found.close.classes])
        close = Markup("<p>The classes confused most are {}.</p>").format(named)
    place = Markup(
        '<div id="data-map-canvas"></div><div id="map-place"><noscript>{}</noscript></div><p class="foot">{}</p>'
    )
    return joined([place.format(figure(drawn.svg(), caption), caption), close])


def _is(amount: int) -> str:
    return "is" if amount == 1 else "are"


def _are(pairs: int) -> str:
    return f"{count(pairs, 'pair')} {_is(pairs)}" if pairs else "no two are"


def _has(amount: int) -> str:
    return "has" if amount == 1 else "have"
