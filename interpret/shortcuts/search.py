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
from .pixels.contents import Content
from .pixels.grid import parts, small_of
from .pixels.stamps import Stamp
from .pool import Pool
from .records import Reliance, Shortcut, Shortcuts
from .transplants import FEWEST, LEAST_EFFECT, SIGNIFICANT, Effects, Pairing, attributed, effects_of, holm, paired

_LEAST_EXCESS = 0.1  # of the images of a class that carry a content, over those of the others: else it tells no class
_SAME = 0.5  # pixels that two contents share, over those of either
_CLOSE = 0.1  # of the effects of two ways to describe a candidate
_NARROWEST = ("mark", "stamp", "frame", "level", "background")


@dataclass(frozen=True, eq=False)
class _Tested:
    """One way to describe a candidate, with what it does."""

    candidate: Candidate
    content: Content | Stamp
    effects: Effects


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

    def found(self, program: Callable[[], Program], batch_size: int, progress: Progress) -> Shortcuts:
        """What was found; `program` makes the one that answers, where it is needed."""
        pictures = small_of(self._pool, self._numbers)
        alike = [
            each
            for each in candidates(self._pool, self._numbers, pictures, self._pool.labels[self._numbers], self._seed)
            if self._excess(each).max(initial=0) >= _LEAST_EXCESS
        ]
        tested = self._tested(alike, program, batch_size, progress) if alike else {}
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

    def _tested(
        self, alike: list[Candidate], program: Any, batch_size: int, progress: Progress
    ) -> dict[int, list[_Tested]]:
        """{place of a candidate: each way to describe it, tested}; without those that cannot be."""
        testable = [place for place, each in enumerate(alike) if min(map(len, self._donors(each))) >= FEWEST]
        ways = [(place, content) for place in testable for content in alike[place].ways]
        each = min(self._each, self._budget // max(1, 2 * len(ways) * self._classes))
        if each < FEWEST or not ways:
            return {}
        running, made = program(), {}
        tell = named(progress, "pasting content in and out")
        for done, (place, content) in enumerate(ways):
            effects = self._effects(alike[place], content, each, running, batch_size)
            if effects is not None:
                made.setdefault(place, []).append(_Tested(alike[place], content, effects))
            if callable(tell):
                tell("", done + 1, len(ways))
        return made

    def _donors(self, candidate: Candidate) -> tuple[np.ndarray, np.ndarray]:
        return self._numbers[candidate.members], self._numbers[~candidate.members]

    def _effects(
        self, candidate: Candidate, content: Content | Stamp, each: int, program: Program, batch_size: int
    ) -> Effects | None:
        pool, random = self._pool, np.random.default_rng(self._seed)
        carriers, others = self._donors(candidate)
        pairing = paired(pool.labels, np.arange(len(pool)) < pool.first_training, carriers, others, each, random)
        if not len(pairing.images):
            return None
        with_it, without = self._answers(content, pairing, program, batch_size)
        return effects_of(pool.labels[pairing.images], with_it, without, self._classes)

    def _answers(
        self, content: Content | Stamp, pairing: Pairing, program: Program, batch_size: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """What is answered with the content and without it, int64[n] each."""
        pool, size = self._pool, rows_at_once(np.zeros((1, *self._pool.shape[1:]), np.float32), batch_size)
        said: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
        whole = pool.whole_numbers
        for start in range(0, len(pairing.images), size):
            rows = slice(start, start + size)
            images = pool[pairing.images[rows]]
            changes = content.both(images, pool[pairing.carriers[rows]], pool[pairing.others[rows]])
            for answers, made in zip(said, changes, strict=True):
                changed = np.rint(made).astype(whole) if whole is not None else made
                answers.append(program.run(changed, batch_size=size, names=("classes",))["classes"])
        self._passes += 2 * len(pairing.images)
        return np.concatenate(said[0]).astype(np.int64), np.concatenate(said[1]).astype(np.int64)

    def _records(self, alike: list[Candidate], tested: dict[int, list[_Tested]]) -> list[Shortcut]:
        ways = [each for place in sorted(tested) for each in tested[place]]
        p = holm(np.array([[each.effects.own_p, each.effects.others_p] for each in ways])) if ways else None
        corrected = {} if p is None else dict(zip(map(id, ways), p, strict=True))
        made = []
        for place, candidate in enumerate(alike):
            chosen = _clearest(tested.get(place, []), corrected, self._excess(candidate))
            if chosen is None:
                made.append(self._record(candidate, candidate.ways[0], None, None, "not tested"))
                continue
            label = attributed(chosen.effects, corrected[id(chosen)][0], self._excess(candidate))
            reliance: Reliance = "not used" if label is None else "relied on"
            made.append(self._record(candidate, chosen.content, chosen.effects, corrected[id(chosen)], reliance, label))
        return made

    def _record(
        self,
        candidate: Candidate,
        content: Content | Stamp,
        effects: Effects | None,
        p: Any,
        reliance: Reliance,
        label: int | None = None,
    ) -> Shortcut:
        carriers = self._carriers(candidate, content)
        label, share, elsewhere = self._spread(carriers, label)
        mask = np.zeros(self._pool.shape[1:3], bool) if content.mask is None else content.mask
        own, other = (carriers[carriers < self._pool.first_training], carriers[carriers >= self._pool.first_training])
        nothing = float("nan")
        others = 0 if effects is None else int(effects.images.sum() - effects.images[label])
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
            images=0 if effects is None else int(effects.images[label]),
            recall_with=nothing if effects is None else float(effects.own_with[label]),
            recall_without=nothing if effects is None else float(effects.own_without[label]),
            p=nothing if effects is None else float(p[0][label]),
            others=others,
            called_with=nothing if effects is None else float(effects.others_with[label]),
            called_without=nothing if effects is None else float(effects.others_without[label]),
            others_p=nothing if effects is None else float(p[1][label]),
            also_loses=() if effects is None else _losing(effects, p[0], label),
        )

    def _carriers(self, candidate: Candidate, content: Content | Stamp) -> np.ndarray:
        """Numbers of all images that carry a content, rising."""
        means = None if isinstance(content, Stamp) else self._means(candidate, content)
        every = parts(self._pool, np.arange(len(self._pool)))
        return np.concatenate([numbers[content.carried(part, means)] for numbers, part in every])

    def _means(self, candidate: Candidate, content: Content) -> tuple[np.ndarray, np.ndarray]:
        inside, rest = (
            np.concatenate([content.seen(part) for _, part in parts(self._pool, side)]).mean(axis=0)
            for side in self._donors(candidate)
        )
        return inside, rest

    def _excess(self, candidate: Candidate) -> np.ndarray:
        """float64[K]: the share of each class that carries a candidate, less that of the others, among those looked at."""
        labels = self._pool.labels[self._numbers]
        held, counts = (
            np.bincount(labels[which], minlength=self._classes) for which in (candidate.members, slice(None))
        )
        rest = (held.sum() - held) / np.maximum(counts.sum() - counts, 1)
        return held / np.maximum(counts, 1) - rest

    def _spread(self, carriers: np.ndarray, label: int | None) -> tuple[int, float, float]:
        """(class, its share, the others' share) of the carriers, among the images asked about where these carry it."""
        pool = self._pool
        trained = np.arange(len(pool)) >= pool.first_training
        asked = carriers[carriers < pool.first_training]
        side = trained if len(asked) < FEWEST and len(carriers) > len(asked) else ~trained
        carry = np.zeros(len(pool), bool)
        carry[carriers] = True
        counts, held = (np.bincount(pool.labels[side & which], minlength=self._classes) for which in (True, carry))
        shares = held / np.maximum(counts, 1)
        label = int(shares.argmax()) if label is None else label
        return label, float(shares[label]), float((held.sum() - held[label]) / max(1, counts.sum() - counts[label]))


def _each_once(records: list[Shortcut]) -> tuple[Shortcut, ...]:
    """Without those of the same kind, class and pixels as an earlier one: different images showed the same content."""
    kept: list[Shortcut] = []
    for each in records:
        same = (other for other in kept if (other.kind, other.label) == (each.kind, each.label))
        if not any((each.mask & other.mask).sum() >= _SAME * (each.mask | other.mask).sum() for other in same):
            kept.append(each)
    return tuple(kept)


def _ends(mask: np.ndarray, axis: int) -> tuple[int, int]:
    places = np.unique(np.nonzero(mask)[axis])
    return (int(places[0]), int(places[-1])) if len(places) else (-1, -1)


def _losing(effects: Effects, p: np.ndarray, label: int) -> tuple[int, ...]:
    lost = (p < SIGNIFICANT) & (effects.own <= -LEAST_EFFECT)
    return tuple(each for each in np.flatnonzero(lost).tolist() if each != label)


def _clearest(ways: list[_Tested], corrected: dict[int, np.ndarray], excess: np.ndarray) -> _Tested | None:
    """Of several ways to describe what the same images share, the narrowest that does as much as any other.

    A way does as much where it is relied on and its effect on the recall is within 0.1 of the largest.
    """
    held = {}
    for place, way in enumerate(ways):
        label = attributed(way.effects, corrected[id(way)][0], excess)
        if label is not None:
            held[place] = float(way.effects.own[label])
    if not held:
        return min(ways, key=_breadth, default=None)
    return min((ways[place] for place in held if held[place] >= max(held.values()) - _CLOSE), key=_breadth)


def _breadth(way: _Tested) -> int:
    """The place of a way's kind from the narrowest to the widest."""
    return _NARROWEST.index(way.content.kind)
