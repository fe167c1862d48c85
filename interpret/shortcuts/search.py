"""The search itself: candidates, the proof of each, and the records made from both."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..progress import Progress, named
from ..tracing.batched_graph import Program
from ..tracing.variants import rows_at_once
from .candidates import Candidate, candidates
from .compared import Compared, compared_in
from .pixels.contents import Content
from .pixels.grid import parts
from .pixels.stamps import Stamp
from .pool import Pool
from .records import Reliance, Shortcut, Shortcuts
from .transplants import FEWEST, LEAST_EFFECT, SIGNIFICANT, Effects, attributed, holm, paired
from .trials import Trial, Trials

_LEAST_EXCESS = 0.1  # of the images of a class that carry a content, over those of the others: else it tells no class
_SAME = 0.5  # of the pixels of the smaller of two contents, which both share
_AROUND = {"mark": "frame"}  # what a mark may be a piece of
_CLOSE = 0.1  # of the effects of two ways to describe a candidate
_NARROWEST = ("mark", "stamp", "frame", "level", "background")


@dataclass(frozen=True, eq=False)
class _Verdict:
    """What came of one way to describe a candidate."""

    content: Content | Stamp
    effects: Effects
    p: np.ndarray  # float64[2,K], corrected, of the own effects and of those on others
    label: int | None  # the class that it is read as; None: not relied on
    asked: np.ndarray  # bool[K], classes suspected and tested


class Search:
    """One search.

    Args:
        pool: The images.
        each: Images of a class that are compared, and answered twice, at most.
        budget: Passes, at most.
        seed: Of all draws.
    """

    def __init__(self, pool: Pool, each: int, budget: int, seed: int) -> None:
        self._pool, self._each, self._budget, self._seed = pool, each, budget, seed
        self._numbers = pool.sample(each, seed)
        self._classes = int(pool.labels.max(initial=0)) + 1
        self._passes = 0

    def found(
        self,
        program: Callable[[], Program],
        batch_size: int,
        progress: Progress,
        compared: Compared | None = None,
    ) -> Shortcuts:
        """What was found; `program` makes the one that answers, where it is needed.

        Args:
            program, batch_size, progress: Of the proof.
            compared: The small pictures of the images asked about; None: they are read.
        """
        pictures = self._pictures(compared)
        alike = [
            each
            for each in candidates(self._pool, self._numbers, pictures, self._pool.labels[self._numbers], self._seed)
            if self._excess(each).max(initial=0) >= _LEAST_EXCESS
        ]
        tested = self._tested(alike, program, batch_size, progress)
        records = self._records(alike, tested)
        records.sort(key=lambda each: (each.reliance != "relied on", -np.nan_to_num(each.effect), -each.separation))
        return Shortcuts(
            found=_each_once(records),
            looked_at=len(self._numbers),
            training_looked_at=int((self._numbers >= self._pool.first_training).sum()),
            budget=self._budget,
            passes=self._passes,
            seed=self._seed,
        )

    def _pictures(self, compared: Compared | None) -> np.ndarray:
        """float32[n,h,w,C]: the small pictures of the images looked at; those of the training are read here."""
        asked = self._numbers[self._numbers < self._pool.first_training]
        own = (compared_in(self._pool.asked, asked) if compared is None else compared).of(asked)
        trained = self._numbers[len(asked) :] - self._pool.first_training
        if not len(trained):
            return own
        others = compared_in(self._pool.training, trained).pictures
        return np.concatenate([own, others]) if len(asked) else others

    def _tested(self, alike: list[Candidate], program: Any, batch_size: int, progress: Progress) -> list[Trial]:
        """Each way to describe each candidate, tried; without those that cannot be."""
        trials = [
            self._trial(candidate, content)
            for candidate in alike
            if min(map(len, self._donors(candidate))) >= FEWEST
            for content in candidate.ways
        ]
        if not trials:
            return []
        size = rows_at_once(np.zeros((1, *self._pool.shape[1:]), np.float32), batch_size)
        running = Trials(self._pool, program, size, self._budget)
        running.run(trials, self._each, named(progress, "pasting content in and out"))
        self._passes = running.passes
        return [each for each in trials if each.tested]

    def _trial(self, candidate: Candidate, content: Content | Stamp) -> Trial:
        pool, random = self._pool, np.random.default_rng(self._seed)
        asked = np.arange(len(pool)) < pool.first_training
        pairing = paired(pool.labels, asked, *self._donors(candidate), self._each, random)
        suspects = self._excess(candidate) >= _LEAST_EXCESS
        return Trial(candidate, content, suspects, pairing, pool.labels[pairing.images])

    def _donors(self, candidate: Candidate) -> tuple[np.ndarray, np.ndarray]:
        return self._numbers[candidate.members], self._numbers[~candidate.members]

    def _records(self, alike: list[Candidate], tested: list[Trial]) -> list[Shortcut]:
        effects = [each.effects for each in tested]
        p = holm(np.array([[each.own_p, each.others_p] for each in effects])) if tested else []
        verdicts: dict[int, list[_Verdict]] = {}
        for trial, found, corrected in zip(tested, effects, p, strict=True):
            is_behind = trial.content.kind == "background"
            label = attributed(found, corrected[0], self._excess(trial.candidate), is_behind=is_behind)
            verdict = _Verdict(trial.content, found, corrected, label, trial.suspects & (found.images >= FEWEST))
            verdicts.setdefault(id(trial.candidate), []).append(verdict)
        chosen = [_clearest(verdicts.get(id(each), [])) for each in alike]
        contents = [one.ways[0] if way is None else way.content for one, way in zip(alike, chosen, strict=True)]
        carriers = self._carriers([each.members for each in alike], contents)
        return [self._record(*each) for each in zip(alike, chosen, contents, carriers, strict=True)]

    def _record(
        self, candidate: Candidate, verdict: _Verdict | None, content: Content | Stamp, carriers: np.ndarray
    ) -> Shortcut:
        label, share, elsewhere = self._spread(carriers, verdict)
        mask = np.zeros(self._pool.shape[1:3], bool) if content.mask is None else content.mask
        own, other = (carriers[carriers < self._pool.first_training], carriers[carriers >= self._pool.first_training])
        reliance: Reliance = "not tested" if verdict is None else "not used" if verdict.label is None else "relied on"
        return Shortcut(
            kind=content.kind,
            reliance=reliance,
            label=label,
            rows=_ends(mask, 0),
            columns=_ends(mask, 1),
            mask=mask,
            carriers=own,
            training_carriers=other - self._pool.first_training,
            share=share,
            elsewhere=elsewhere,
            separation=candidate.separation,
            **_figures(verdict, label),
        )

    def _carriers(self, members: list[np.ndarray], contents: list[Content | Stamp]) -> list[np.ndarray]:
        """Numbers of all images that carry each content, rising; every image is read once for all of them."""
        if not contents:
            return []
        looked = [[content.seen(part) for content in contents] for _, part in parts(self._pool, self._numbers)]
        known = [np.concatenate(each) for each in zip(*looked, strict=True)]
        sides = [(rows[inside], rows[~inside]) for rows, inside in zip(known, members, strict=True)]
        every = list(zip(contents, sides, strict=True))
        carry = np.zeros((len(contents), len(self._pool)), bool)
        for place, ((content, side), rows) in enumerate(zip(every, known, strict=True)):
            carry[place, self._numbers] = content.carried(rows, side)
        others = np.setdiff1d(np.arange(len(self._pool)), self._numbers)
        for numbers, part in parts(self._pool, others):
            carry[:, numbers] = [content.carried(content.seen(part), side) for content, side in every]
        return [np.flatnonzero(each) for each in carry]

    def _excess(self, candidate: Candidate) -> np.ndarray:
        """float64[K]: the share of each class that carries a candidate, less that of the others, among those looked at."""
        labels = self._pool.labels[self._numbers]
        held, counts = (
            np.bincount(labels[which], minlength=self._classes) for which in (candidate.members, slice(None))
        )
        rest = (held.sum() - held) / np.maximum(counts.sum() - counts, 1)
        return held / np.maximum(counts, 1) - rest

    def _spread(self, carriers: np.ndarray, verdict: _Verdict | None) -> tuple[int, float, float]:
        """(class, its share, the others' share) of the carriers, among the images asked about where these carry it.

        Where it is not relied on, the class is that of the largest share; of those tested, where any was.
        """
        pool = self._pool
        trained = np.arange(len(pool)) >= pool.first_training
        asked = carriers[carriers < pool.first_training]
        side = trained if len(asked) < FEWEST and len(carriers) > len(asked) else ~trained
        carry = np.zeros(len(pool), bool)
        carry[carriers] = True
        counts, held = (np.bincount(pool.labels[side & which], minlength=self._classes) for which in (True, carry))
        shares = held / np.maximum(counts, 1)
        label = None if verdict is None else verdict.label
        if label is None:
            label = int((shares if verdict is None else np.where(verdict.asked, shares, -1)).argmax())
        return label, float(shares[label]), float((held.sum() - held[label]) / max(1, counts.sum() - counts[label]))


def _each_once(records: list[Shortcut]) -> tuple[Shortcut, ...]:
    """Without those of the same class and pixels as an earlier one: different images showed the same content, or a part of it."""
    kept: list[Shortcut] = []
    for each in records:
        same = (
            other for other in kept if other.label == each.label and other.kind in (each.kind, _AROUND.get(each.kind))
        )
        if not any((each.mask & other.mask).sum() >= _SAME * min(each.mask.sum(), other.mask.sum()) for other in same):
            kept.append(each)
    return tuple(kept)


def _ends(mask: np.ndarray, axis: int) -> tuple[int, int]:
    places = np.unique(np.nonzero(mask)[axis])
    return (int(places[0]), int(places[-1])) if len(places) else (-1, -1)


def _figures(verdict: _Verdict | None, label: int) -> dict[str, Any]:
    """What a record tells of the proof: NaN where there is none."""
    if verdict is None:
        names = ("recall_with", "recall_without", "p", "called_with", "called_without", "others_p")
        return {"images": 0, "others": 0, "also_loses": (), **dict.fromkeys(names, float("nan"))}
    found, (own_p, others_p) = verdict.effects, verdict.p
    return {
        "images": int(found.images[label]),
        "recall_with": float(found.own_with[label]),
        "recall_without": float(found.own_without[label]),
        "p": float(own_p[label]),
        "others": int(found.images.sum() - found.images[label]),
        "called_with": float(found.others_with[label]),
        "called_without": float(found.others_without[label]),
        "others_p": float(others_p[label]),
        "also_loses": _losing(found, own_p, label),
    }


def _losing(effects: Effects, p: np.ndarray, label: int) -> tuple[int, ...]:
    lost = (p < SIGNIFICANT) & (effects.own <= -LEAST_EFFECT)
    return tuple(each for each in np.flatnonzero(lost).tolist() if each != label)


def _clearest(ways: list[_Verdict]) -> _Verdict | None:
    """Of several ways to describe what the same images share, the narrowest that does as much as any other.

    A way does as much where it is relied on and its effect on the recall is within 0.1 of the largest; one by which others turn
    comes before one that is proven by the class's own loss alone.
    """
    proven = [(way, way.label) for way in ways if way.label is not None]
    proven = [(way, label) for way, label in proven if way.effects.turns[label]] or proven
    effects = [(way, way.effects.own[label]) for way, label in proven]
    most = max((effect for _, effect in effects), default=0.0)
    return min([way for way, effect in effects if effect >= most - _CLOSE] or ways, key=_breadth, default=None)


def _breadth(way: _Verdict) -> int:
    """The place of a way's kind from the narrowest to the widest."""
    return _NARROWEST.index(way.content.kind)
