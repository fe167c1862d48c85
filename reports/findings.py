"""What the numbers say, as sentences that each lead to their evidence."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ..interpret.trust import Trust
from ..models.calibration import accuracy_interval
from .components import findings
from .evidence import Evidence
from .page import Section
from .trust_evidence import SHOWN
from .wording import count, listed, number, percent

Finding = tuple[str, str, str]  # sentence, id of the evidence, words of the link

_FEWEST = 20  # images held out, below which a probe's accuracy says nothing
_SURE = 0.9  # a mistake above this probability counts as sure


def findings_section(evidence: Evidence) -> Section:
    """The section; every sentence is computed, and left out where its numbers say nothing."""
    found = [
        *_range(evidence),
        *_accuracy(evidence),
        *_weakest_class(evidence),
        *_confusions(evidence),
        *_sure_mistakes(evidence),
        *_calibration(evidence),
        *_fading_image(evidence),
        *_probe(evidence),
        *_silent_channels(evidence),
        *_causes(evidence),
        *_trust(evidence),
        *_empty_maps(evidence),
        *_proof(evidence),
    ]
    return Section(
        "findings", "Findings", findings(found), lead="What the numbers below say; each sentence leads to its evidence."
    )


def _range(evidence: Evidence) -> Iterator[Finding]:
    if evidence.range_remark is not None:
        yield f"Read this first: {evidence.range_remark}", "exploration", "pixel values"


def _accuracy(evidence: Evidence) -> Iterator[Finding]:
    wrong, total = evidence.mistakes.total, len(evidence.dataset)
    yield (
        f"{count(total - wrong, 'image')} of {total:,} are classified rightly, {wrong:,} wrongly.",
        "performance",
        "figures",
    )


def _weakest_class(evidence: Evidence) -> Iterator[Finding]:
    evaluation, names = evidence.evaluation, evidence.dataset.class_names
    weakest = weakest_class(evidence)
    if weakest is None:
        return
    row = evaluation.confusion[weakest].copy()
    row[weakest] = 0
    support, others = int(evaluation.support[weakest]), "most others" if (row > 0).sum() > 3 else "the others"
    goes = [f"{names[label]} ({row[label]})" for label in np.argsort(-row, kind="stable")[:3] if row[label]]
    yield (
        f"{names[weakest]} is the weakest class: {percent(evaluation.recall[weakest])} of its "
        f"{count(support, 'image')} {_is(support)} found; {others} go to {listed(goes)}.",
        "per-class",
        "per class",
    )


def weakest_class(evidence: Evidence) -> int | None:
    """The class of which the smallest share is found; None where that is no one class among several."""
    recall = evidence.evaluation.recall
    known = np.isfinite(recall)
    if known.sum() < 2 or not evidence.mistakes.total or (recall[known] == recall[known].min()).sum() > 1:
        return None
    return int(np.nanargmin(recall))


def _is(amount: int) -> str:
    return "is" if amount == 1 else "are"


def _confusions(evidence: Evidence) -> Iterator[Finding]:
    confusions, names = evidence.mistakes.confusions, evidence.dataset.class_names
    if len(confusions) < 2 or confusions[0].count == confusions[1].count:  # none is the most frequent
        return
    first = confusions[0]
    few = confusions[: max(1, len(confusions) // 10)]
    share = sum(confusion.count for confusion in few) / evidence.mistakes.total
    yield (
        f"{names[first.true]} taken for {names[first.predicted]} is the most frequent confusion "
        f"({count(first.count, 'image')}); {count(len(few), 'confusion')} of {len(confusions)} "
        f"make{'s' if len(few) == 1 else ''} {percent(share, 0)} of all mistakes.",
        f"confusion-{first.true}-{first.predicted}",
        "these images",
    )


def _sure_mistakes(evidence: Evidence) -> Iterator[Finding]:
    evaluation = evidence.evaluation
    sure = evaluation.probabilities.max(axis=1) > _SURE
    wrong = evaluation.predictions != evaluation.labels
    mistakes = int((sure & wrong).sum())
    if not mistakes:
        return
    yield (
        f"{count(mistakes, 'mistake')} of {int(wrong.sum()):,} {_is(mistakes)} made with more than "
        f"{percent(_SURE, 0)} probability; of all {int(sure.sum()):,} answers that sure, "
        f"{percent((sure & ~wrong).sum() / sure.sum())} are right.",
        "mistakes",
        "mistakes",
    )


def _calibration(evidence: Evidence) -> Iterator[Finding]:
    evaluation = evidence.evaluation
    sureness, right = float(evaluation.probabilities.max(axis=1).mean()), evaluation.accuracy
    error = evaluation.calibration.expected_error
    low, high = accuracy_interval(int((evaluation.predictions == evaluation.labels).sum()), len(evaluation.labels))
    direction = "less sure than it is right" if sureness < right else "surer than it is right"
    if low <= sureness <= high:
        direction = "as sure as it is right, as far as so many images can tell"
    yield (
        f"On average the model is {direction}: mean probability {percent(sureness)}, accuracy {percent(right)}; "
        f"the expected calibration error is {error:.3f}.",
        "calibration",
        "calibration",
    )


def _fading_image(evidence: Evidence) -> Iterator[Finding]:
    known = [layer for layer in evidence.survey.layers[1:] if np.isfinite(layer.image_correlation)]
    if len(known) < 2:
        return
    first, last = known[0], known[-1]
    change = last.image_correlation - first.image_correlation
    verdict = "hardly move" if abs(change) < 0.05 else "move away" if change < 0 else "do not move away"
    yield (
        f"From {first.name} to {last.name} the maps {verdict} from the picture: their mean correlation with it goes "
        f"from {first.image_correlation:.2f} to {last.image_correlation:.2f}.",
        "layers",
        "what the layers keep",
    )


def _probe(evidence: Evidence) -> Iterator[Finding]:
    probes = [(layer.name, layer.probe.accuracy) for layer in evidence.survey.layers]
    known = [(name, accuracy) for name, accuracy in probes if np.isfinite(accuracy)]
    if len(known) < 3 or evidence.survey.layers[0].probe.tested < _FEWEST:
        return
    best = max(known[1:], key=lambda entry: entry[1])
    yield (
        f"A linear probe reads the class off the pixels with {percent(known[0][1])} accuracy and off {best[0]}, "
        f"the best of the layers, with {percent(best[1])}.",
        "layers",
        "linear probe",
    )


def _silent_channels(evidence: Evidence) -> Iterator[Finding]:
    silent = [layer for layer in evidence.survey.layers if len(layer.silent_channels)]
    surveyed = [layer for layer in evidence.survey.layers if np.isfinite(layer.active_share)]
    if not silent:
        names = listed([layer.name for layer in surveyed])
        yield f"Every channel of {names} fires on at least one image.", "layers", "channels"
        return
    shares = [f"{len(layer.silent_channels)} of {layer.channels} in {layer.name}" for layer in silent]
    yield f"Some channels never fire on any image: {listed(shares)}.", "silent-channels", "channels"


def _empty_maps(evidence: Evidence) -> Iterator[Finding]:
    empty = int((evidence.survey.grad_cam_peak <= 0).sum())
    total = len(evidence.survey.grad_cam_peak)
    if empty:
        yield (
            f"On {count(empty, 'image')} of {total:,} Grad-CAM at {evidence.survey.cam_layer} is all zero: no place "
            f"speaks for the predicted class. Such a map is shown as what it is.",
            "feature-maps",
            "feature maps",
        )
        return
    yield (
        f"Grad-CAM at {evidence.survey.cam_layer} finds positive evidence for the predicted class on "
        f"{'the one image' if total == 1 else f'all {total:,} images'}.",
        "feature-maps",
        "feature maps",
    )


def _causes(evidence: Evidence) -> Iterator[Finding]:
    ablations = [found for found in evidence.causes.ablations if found.confusion and found.effects.repaired[0] > 0]
    if not ablations:
        return
    best = max(ablations, key=lambda found: found.effects.repaired[0] / found.confused)
    true, predicted = (evidence.dataset.class_names[label] for label in best.confusion or (0, 0))
    broken = int(best.effects.broken[0].sum())
    yield (
        f"Of the largest confusions {true} taken for {predicted} is the one that taking away one channel of {best.layer} "
        f"repairs most of: without channel {best.effects.channels[0]}, {int(best.effects.repaired[0])} of its "
        f"{count(best.confused, 'image')} are right (without a random one {best.control.repaired.mean():.1f}), but "
        f"{broken:,} of the {evidence.causes.tried:,} least sure right answers break.",
        f"cause-{best.confusion[0]}-{best.confusion[1]}" if best.confusion else "causes",
        "causes",
    )


def _trust(evidence: Evidence) -> Iterator[Finding]:
    if evidence.trust is None:
        return
    levels: dict[str, list[str]] = {}
    for name in SHOWN:
        found = evidence.trust.trust.verdicts.get(name)
        if found is not None:
            levels.setdefault(found.level, []).append(name)
    words = {
        "good": "can be trusted on this model",
        "weak": "can be trusted with care",
        "failed": "failed the tests: read such maps as pictures of the layer, not as reasons",
        "unknown": "could not be judged",
    }
    said = [f"{listed(levels[level])} {word}" for level, word in words.items() if level in levels]
    if said:
        yield f"Of the maps shown here {'; '.join(said)}.", "trust", "trust"
    yield from _best_method(evidence.trust.trust)


def _best_method(trust: Trust) -> Iterator[Finding]:
    """Where more methods were measured than are drawn: which of them can be trusted most."""
    good = [name for name, found in trust.verdicts.items() if found.level == "good"]
    if len(trust.methods) <= len(SHOWN) or not good:
        return
    shares = {name: [finding.number for finding in trust.verdicts[name].findings[:2]] for name in good}
    best = max(good, key=lambda name: [share.mean for share in shares[name]])
    random, bright = shares[best]
    yield (
        f"Of all {len(trust.methods)} methods that were measured {listed(good, 13)} can be trusted on this model. The pixels "
        f"that {best} names beat a random order most often, on {percent(random.mean, 0)} of {count(random.images, 'image')}, "
        f"and the picture’s brightness on {percent(bright.mean, 0)}.",
        "trust",
        "trust",
    )


def _proof(evidence: Evidence) -> Iterator[Finding]:
    error = max(evidence.information.logit_error, evidence.survey.logit_error)
    yield (
        f"The maps explain the logits: {evidence.information.head}(logits) differs from the model’s own answer by "
        f"{number(error)} at most.",
        "proof",
        "proof",
    )
