"""What makes a model answer badly whatever it has learnt: one answer to all, a signal that is lost, statistics that are off."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from markupsafe import Markup

from ....interpret import ModelInformation
from ....interpret.layers.survey import SurveyStatistic
from ...drawing.wording import count, listed, number, percent
from ...evidence.screening.soundness import GAP, SoundnessEvidence, gather_soundness
from ...evidence.seen import Seen
from ...html.components import joined
from ..section import About, Finding, Part


class SoundnessSection:
    """The section; see `ReportSection`."""

    view = "layers"
    id, title, lead = "soundness", "Is the model sound?", "What can make a model answer badly, whatever it has learnt."

    def needs(self, seen: Seen) -> tuple[SurveyStatistic]:
        """The survey of the layers."""
        return (seen.surveying(),)

    def evidence(self, seen: Seen, earlier: Mapping[str, Any]) -> SoundnessEvidence:
        """What is broken."""
        return gather_soundness(seen)

    def findings(self, found: SoundnessEvidence, about: About) -> Iterator[Finding]:
        """What is broken; nothing where nothing is. One answer to all is the performance's to say."""
        for sentence, figure, weight in _broken(found):
            yield Finding(sentence, "problem", figure, self.id, "what was looked at", weight)

    def html(self, found: SoundnessEvidence, about: About) -> Part:
        """The same sentences, and what was looked at."""
        said = [Markup("<p>{}</p>").format(sentence) for sentence, *_ in _problems(found, about.class_names)]
        if not said:
            said = [Markup("<p>Nothing of this was found.</p>")]
        return Part(joined([*said, Markup("<p>{}</p>").format(_looked_at(found, about.information))]))


def _problems(found: SoundnessEvidence, names: tuple[str, ...]) -> Iterator[tuple[str, float, float]]:
    """(sentence, its figure, weight)."""
    if found.always is not None:
        yield (
            f"The model always answers {names[found.always]}, to all {count(found.images, 'image')}; "
            f"{percent(found.right_by_that)} of them are of that class.",
            found.right_by_that,
            1.4,
        )
    yield from _broken(found)


def _broken(found: SoundnessEvidence) -> Iterator[tuple[str, float, float]]:
    """The same, inside of the model."""
    if found.collapse is not None:
        lost = found.collapse
        yield (
            f"The signal collapses at {lost.layer}: from {lost.before} a linear probe reads the class off in "
            f"{percent(lost.accuracy_before, 0)} of the images, from {lost.layer} in {percent(lost.accuracy, 0)}.",
            lost.accuracy,
            1.05,
        )
    if found.modes is not None and found.modes.in_training - found.modes.in_use >= GAP:
        modes = found.modes
        yield (
            f"Training and use disagree: on {count(modes.images, 'image')} the model is right on "
            f"{percent(modes.in_training, 0)} as in training, with the images’ own statistics in its batch normalisation, and "
            f"on {percent(modes.in_use, 0)} in use, with the moving ones.",
            modes.in_training - modes.in_use,
            1.08,
        )
    if found.drifted:
        worst = max(found.drifted, key=lambda each: max(each.mean_off, abs(math.log(max(each.deviation, 1e-9)))))
        yield (
            f"The moving statistics of {listed([each.layer for each in found.drifted], 4)} are far from those of the images: "
            f"at {worst.layer} the median channel’s mean is {number(worst.mean_off)} deviations off, its deviation "
            f"{number(worst.deviation)} times that expected.",
            worst.mean_off,
            1.03,
        )


def _looked_at(found: SoundnessEvidence, information: ModelInformation) -> str:
    said = (
        "Looked at: whether more than one class is answered; whether the class can be read off the last layers as well as "
        "off earlier ones"
    )
    if found.modes is None:
        if not any(layer.kind == "BatchNormalization" for layer in information.layers):
            return f"{said}. The model has no batch normalisation."
        return f"{said}. Batch normalisation was not looked at: the pictures are large, and the model is mostly right."
    return (
        f"{said}; the moving statistics of batch normalisation beside those of {count(found.modes.images, 'image')}; and "
        f"the accuracy on them in training ({percent(found.modes.in_training)}) and in use ({percent(found.modes.in_use)})."
    )
