"""The channels behind the largest confusions: what is repaired and what breaks when each is taken away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from markupsafe import Markup

from ...interpret import ChannelAblation
from ...interpret.stream.statistic import Statistic
from ..drawing.wording import count, listed, number
from ..evidence.causes import Causes, CausesEvidence, causes_evidence, census_of, gather_causes
from ..evidence.performance import ranked_confusions
from ..evidence.seen import Seen
from ..html.components import how_to_read, joined, table
from .channels import PatchSheet, census_sentence, census_table, channel_sentence, patch_sheet
from .front.matrix import pair_html
from .section import About, Finding, Part

MOST_CHANNELS = 4  # shown for each confusion
MOST_PAGES = 64  # channels with a page of their own


class CausesSection:
    """The section; see `ReportSection`."""

    view = "confusions"
    id, title, lead = "causes", "Causes", "Which channels take part in the largest confusions?"

    def needs(self, seen: Seen) -> tuple[Statistic[Any], ...]:
        """The survey of the layers, and the census of the channels that are taken away."""
        counted = () if seen.information.cam_layer is None else (census_of(seen.information),)
        return seen.surveying(), *counted

    def evidence(self, seen: Seen, earlier: Mapping[str, Any]) -> CausesEvidence | None:
        """The channels of the last stage of maps, and the largest confusions without each; None where there are no maps."""
        if seen.information.cam_layer is None:
            return None
        return causes_evidence(gather_causes(seen, ranked_confusions(seen.evaluation.confusion)))

    def findings(self, found: CausesEvidence, about: About) -> Iterator[Finding]:
        """The confusion that the removal of one channel repairs most of."""
        yield from _most_repaired(found.causes, about.class_names)

    def html(self, found: CausesEvidence, about: About) -> Part:
        """A table for each confusion, and the census of the channels."""
        causes, names = found.causes, about.class_names
        told = sorted({int(channel) for ablation in causes.ablations for channel in shown_channels(ablation)})
        every = np.argsort(-causes.census.active_share, kind="stable")[:MOST_PAGES]
        shown = sorted({*told, *(int(channel) for channel in every)})
        sheet = patch_sheet(causes.census, about.dataset, shown)
        groups = [
            _confusion(causes, ablation, total, sheet, names)
            for ablation, total in zip(causes.ablations, causes.counts, strict=True)
        ]
        return Part(
            html=joined([_introduction(causes), *groups, *_census(causes, names)]),
            sprites=sheet.sprites,
            payload={"channels": _pages(found, sheet, shown, names)},
            lead=f"Which channels of {found.layer} take part in the largest confusions?",
        )


def _pages(found: CausesEvidence, sheet: PatchSheet, shown: list[int], names: tuple[str, ...]) -> dict[str, Any]:
    """What the page of a channel tells: its patches, its facts, and what happens without it."""
    rows = {
        str(channel): {
            "patches": [sheet.starts.get(channel, 0), int((sheet.census.preferred.images[channel] >= 0).sum())],
            "facts": channel_sentence(sheet.census, channel, names),
            "effects": [
                [each.true, each.predicted, int(each.repaired[place]), each.images_run, int(each.broken[place])]
                for each in found.confusions
                for place in np.flatnonzero(each.channels == channel)
            ],
        }
        for channel in shown
    }
    return {"layer": found.layer, "columns": sheet.sprites[0].columns if sheet.sprites else 1, "rows": rows}


def shown_channels(ablation: ChannelAblation) -> np.ndarray:
    """The channels whose removal repairs most, int64[...]: at most 4, and only those that repair any."""
    return ablation.effects.channels[ablation.effects.repaired > 0][:MOST_CHANNELS]


def _introduction(causes: Causes) -> Markup:
    census = causes.census
    channels = len(census.active_share)
    if not causes.ablations:
        return Markup(
            "<p>No class is taken for one and the same other at least three times, so no channel was taken away.</p>"
        )
    right, broken = _tried(causes)
    said = (
        f"Each of the {count(channels, 'channel')} of {census.layer} was set to zero, one at a time, and the rest of the "
        f"model was run again: on images of the {_largest(len(causes.ablations))}{right}. Repaired is an image of the "
        f"confusion whose answer then is right{broken}"
    )
    return Markup("<p>{}</p><p>{}</p>{}").format(said, _in_all(causes), how_to_read(_reading(channels)))


def _tried(causes: Causes) -> tuple[str, str]:
    """On which right answers it was tried, and what may have broken."""
    if not causes.tried:
        return "", ". The model has no right answer that could break."
    broken = "; broken is one of these right answers that then is wrong."
    if causes.tried == causes.right:
        return f", and on all {count(causes.right, 'right answer')}", broken
    some = (
        f", and on {count(causes.tried, 'right answer')} of the {causes.right:,}, those with the smallest lead over the next "
        f"class (up to {number(causes.lead)} in the logits)"
    )
    return some, f"{broken} The other right answers were not tried, so more may break."


def _in_all(causes: Causes) -> str:
    """What the rows below have in common."""
    rows, worse = 0, 0
    for ablation in causes.ablations:
        shown = ablation.effects.taken(np.arange(len(shown_channels(ablation))))
        rows, worse = rows + len(shown.repaired), worse + int((shown.broken.sum(axis=1) > shown.repaired).sum())
    first = [int(shown_channels(ablation)[0]) for ablation in causes.ablations if len(shown_channels(ablation))]
    if not first:
        return "No removal repairs an image of these confusions."
    often, times = max(((channel, first.count(channel)) for channel in first), key=lambda pair: pair[1])
    leads = f"Channel {often} is first in {times} of the {len(causes.ablations)}. " if times > 1 else ""
    if not causes.tried:
        return leads
    share = "none of the" if not worse else "all" if worse == rows else f"{worse} of the {rows}"
    return f"{leads}In {share} rows below more right answers break than images of the confusion are repaired."


def _largest(confusions: int) -> str:
    return f"{confusions} largest confusions" if confusions > 1 else "largest confusion"


def _reading(channels: int) -> str:
    return (
        f"A row is one channel; the last one is a channel at random: mean and standard deviation over all {channels}. Gap "
        f"is the change of the predicted class’s logit less the true one’s, mean over the confusion’s images: below 0 the "
        f"removal speaks against the mistake. The patches are what the channel sees at the places where it fires the "
        f"strongest in all images, one per image, the strongest first, with the image’s number; flat grey lies outside "
        f"the picture. The channels shown were chosen by the same images that are counted, so the best of {channels} look "
        f"better here than on other images. A channel taken away says what this model does without it, not what a model "
        f"trained without it would do."
    )


def _confusion(
    causes: Causes, ablation: ChannelAblation, total: int, sheet: PatchSheet, names: tuple[str, ...]
) -> Markup:
    true, predicted = ablation.confusion or (0, 0)
    heading = Markup('<h3 id="cause-{}-{}">{}</h3>').format(true, predicted, pair_html(names, true, predicted))
    return Markup('<div class="cause" data-pair="{}-{}">{}</div>').format(
        true, predicted, _removals(causes, ablation, heading, total, sheet, names)
    )


def _removals(
    causes: Causes,
    ablation: ChannelAblation,
    heading: Markup,
    total: int,
    sheet: PatchSheet,
    names: tuple[str, ...],
) -> Markup:
    true, predicted = ablation.confusion or (0, 0)
    link = Markup('<a href="#/confusion/{}-{}">{}</a>').format(true, predicted, _these(total))
    shown = ablation.effects.taken(np.arange(len(shown_channels(ablation))))
    if not len(shown.channels):
        return Markup("{}<p>No channel’s removal repairs any of the {} run. {}</p>").format(
            heading, count(ablation.confused, "image"), link
        )
    rows = [
        (
            f"{channel}",
            f"{shown.repaired[place]}",
            f"{shown.broken[place].sum()}",
            _signed(shown.gap_change[place]),
            sheet.row(int(channel)),
        )
        for place, channel in enumerate(shown.channels)
    ]
    return Markup("{}<p>{} {}</p>{}").format(
        heading,
        _sentence(ablation, names, causes.tried),
        link,
        table(
            [
                "Channel",
                f"Repaired of {ablation.confused}",
                f"Broken of {causes.tried}" if causes.tried else "Broken",
                "Gap",
                "Fires the strongest at",
            ],
            [*rows, _at_random(ablation)],
            caption=f"Taking one channel of {ablation.layer} away: {names[true]} taken for {names[predicted]}",
            numeric=[1, 2, 3],
        ),
    )


def _these(images: int) -> str:
    return f"See the {count(images, 'image')}." if images > 1 else "See the image."


def _sentence(ablation: ChannelAblation, names: tuple[str, ...], tried: int) -> str:
    """What the removal of the first channel does, in words."""
    first, control = ablation.effects.taken(np.arange(1)), ablation.control
    true, _ = ablation.confusion or (0, 0)
    lost = first.broken[0]
    classes = [f"{names[label]} ({lost[label]})" for label in np.argsort(-lost, kind="stable")[:3] if lost[label]]
    breaks = f"{count(int(lost.sum()), 'right answer')} of those tried {'breaks' if lost.sum() == 1 else 'break'}"
    where = f", first of all {listed(classes)}" if len(classes) > 1 else f", of {classes[0]}" if classes else ""
    return (
        f"Without channel {first.channels[0]}, {first.repaired[0]} of {count(ablation.confused, 'image')} "
        f"{'is' if first.repaired[0] == 1 else 'are'} answered "
        f"{names[true]}; without one at random {control.repaired.mean():.1f} are.{f' {breaks}{where}.' if tried else ''}"
    )


def _at_random(ablation: ChannelAblation) -> tuple[object, ...]:
    control = ablation.control
    broken = control.broken.sum(axis=1)
    return (
        "at random",
        _spread(control.repaired),
        _spread(broken),
        f"{_signed(control.gap_change.mean())} ± {control.gap_change.std():.2f}",
        f"mean ± standard deviation over {count(len(control.channels), 'channel')}",
    )


def _spread(values: np.ndarray) -> str:
    return f"{values.mean():.1f} ± {values.std():.1f}"


def _signed(value: float) -> str:
    shown = f"{value:+.2f}".replace("-", "−")
    return "0.00" if shown[1:] == "0.00" else shown


def _census(causes: Causes, names: tuple[str, ...]) -> list[Markup]:
    census = causes.census
    return [
        Markup(
            '<div class="all-causes"><h3 id="channels">The channels of {0}</h3><p>{1}</p><p><a href="#/layer/{0}">each channel, '
            "with what it sees →</a></p><noscript>{2}</noscript></div>"
        ).format(census.layer, census_sentence(census, names), census_table(census, names)),
    ]


def _price(broken: int, causes: Causes) -> str:
    """How many right answers the removal costs; nothing where there were none."""
    if not causes.tried:
        return ""
    sort = "" if causes.tried == causes.right else "least sure "
    if not broken:
        return f", and none of the {causes.tried:,} {sort}right answers breaks"
    return f", but {broken:,} of the {causes.tried:,} {sort}right answers {'breaks' if broken == 1 else 'break'}"


def _others(shares: list[float]) -> str:
    """That no other confusion is repaired as well, where there are others and it is so."""
    alone = len(shares) > 1 and shares.count(max(shares)) == 1
    return " No other large confusion is repaired as well by one channel." if alone else ""


def _most_repaired(causes: Causes, names: tuple[str, ...]) -> Iterator[Finding]:
    ablations = [found for found in causes.ablations if found.confusion and found.effects.repaired[0] > 0]
    if not ablations:
        return
    shares = [float(found.effects.repaired[0] / found.confused) for found in ablations]
    best = ablations[int(np.argmax(shares))]
    labels = best.confusion or (0, 0)
    true, predicted = (names[label] for label in labels)
    broken, repaired = int(best.effects.broken[0].sum()), int(best.effects.repaired[0])
    are = "is" if repaired == 1 else "are"
    yield Finding(
        f"Without channel {best.effects.channels[0]} of {best.layer}, {repaired} of {count(best.confused, 'image')} of {true} "
        f"taken for {predicted} {are} right (without a random channel {best.control.repaired.mean():.1f})"
        f"{_price(broken, causes)}.{_others(shares)}",
        severity="fact",
        number=repaired,
        anchor="cause-{}-{}".format(*labels),
        link="causes",
        weight=0.6,
    )
