"""The trials: a way to describe what some images share is tried on few images, and on more only while the answer is open.

First 20 images of each class that carries it more than the others do. Where none of these can lose 15 points of its recall
(the upper end of the 99 % interval of the gap), the trial ends: not used. Else the other classes are asked as well, then 64
images, then as many as are allowed. A trial ends early with a proof only where it is beyond doubt: the lower end above 15
points, and p times all tests below 0.001, so small that the last test keeps its 5 % (the rule of Haybittle and Peto).
The passes are shared evenly between open trials, and no picture is answered twice.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

import numpy as np

from ..tracing.batched_graph import Program
from .candidates import Candidate
from .pixels.contents import Content
from .pixels.stamps import Stamp
from .pool import Pool
from .transplants import FEWEST, LEAST_EFFECT, Effects, Pairing, effects_of

_STEPS = (20, 64)  # images of each class that carries the content
_OTHERS = 2  # times as many of all other classes together
_BEYOND_DOUBT = 1e-3
_OPEN = -1  # no answer yet


@dataclass(eq=False)
class Trial:
    """One way to describe a candidate, and what is answered with it and without it, as far as is known."""

    candidate: Candidate
    content: Content | Stamp
    suspects: np.ndarray  # bool[K], classes that carry it more than the others do
    pairing: Pairing
    labels: np.ndarray  # int64[n], true classes of the images of the pairing
    closed: bool = False
    tested: bool = False

    def __post_init__(self) -> None:
        self.with_it, self.without = (np.full(len(self.labels), _OPEN, np.int64) for _ in range(2))
        self._own = self.suspects[self.labels]

    @property
    def effects(self) -> Effects:
        """Of what is answered so far."""
        known = self.with_it != _OPEN
        return effects_of(self.labels[known], self.with_it[known], self.without[known], len(self.suspects))

    def due(self, own: bool, step: int, most: int) -> np.ndarray:
        """Rows to be answered next, at most so many: of the suspected classes up to `step` each, or of the others."""
        rows = np.flatnonzero(self._own == own)
        rows = rows[np.argsort(self.pairing.rank[rows], kind="stable")]
        rows = rows[self.pairing.rank[rows] < step] if own else rows[: _OTHERS * step]
        return rows[self.with_it[rows] == _OPEN][: max(0, most)]

    def judge(self, tests: int, others_asked: bool) -> None:
        """Close the trial where its answer is clear: not used, or, once the others are asked as well, read beyond doubt."""
        found = self.effects
        asked = self.suspects & (found.images >= FEWEST)
        hopeless = bool(asked.any() and (found.own_high[asked] < LEAST_EFFECT).all())
        others = ((self.with_it != _OPEN) & ~self._own).sum()
        shown = found.shown(self.content.kind == "background", found.own_low)
        sure = (found.own_low >= LEAST_EFFECT) & (found.own_p * tests < _BEYOND_DOUBT) & shown
        enough = found.images >= np.minimum(_STEPS[-1], np.bincount(self.labels, minlength=len(found.images)))
        self.tested = hopeless or bool(asked.any() and others >= FEWEST)
        self.closed |= hopeless or (others_asked and bool((sure & enough & self.suspects).any()))


class Trials:
    """Runs trials within a budget.

    Args:
        pool: The images.
        program: Makes the program that answers, when something is to be answered.
        batch_size: Pictures at a time.
        budget: Passes, at most.
    """

    def __init__(self, pool: Pool, program: Callable[[], Program], batch_size: int, budget: int) -> None:
        self.passes = 0
        self._pool, self._make, self._size, self._budget = pool, program, batch_size, budget
        self._program: Program | None = None
        self._known: dict[bytes, int] = {}  # the answer to each picture

    def run(self, trials: list[Trial], each: int, tell: Any) -> None:
        """Run all, on `each` images of a class at most."""
        tests = sum(2 * len(trial.suspects) for trial in trials)
        for step in (*(step for step in _STEPS if step < each), each):
            for own in (True, False):
                open_ = [trial for trial in trials if not trial.closed]
                for place, trial in enumerate(open_):
                    self._ask(trial, own, step, (self._budget - self.passes) // (len(open_) - place))
                    trial.judge(tests, not own)
                    if callable(tell):
                        tell("", sum(each.closed for each in trials), len(trials))
        if callable(tell):
            tell("", len(trials), len(trials))

    def _ask(self, trial: Trial, own: bool, step: int, passes: int) -> None:
        """Answer what is due, unless so few passes are left that they would tell nothing."""
        first = not trial.tested and bool((trial.with_it == _OPEN).all())
        if first and passes < 2 * FEWEST * (int(trial.suspects.sum()) + 1):
            trial.closed = True
            return
        rows = trial.due(own, step, passes // 2 - (FEWEST if first else 0))
        for start in range(0, len(rows), self._size):
            part = rows[start : start + self._size]
            trial.with_it[part], trial.without[part] = self._both(trial, part)

    def _both(self, trial: Trial, rows: np.ndarray) -> np.ndarray:
        """int64[2,n]: what is answered with the content, and without it."""
        pool, pairs, whole = self._pool, trial.pairing, self._pool.whole_numbers
        donors = pool[pairs.carriers[rows]], pool[pairs.others[rows]]
        made = np.concatenate(trial.content.both(pool[pairs.images[rows]], *donors))
        return self._answers(np.rint(made).astype(whole) if whole is not None else made).reshape(2, -1)

    def _answers(self, pictures: np.ndarray) -> np.ndarray:
        """int64[n]; those that were answered before, from memory."""
        keys = [blake2b(each.tobytes(), digest_size=16).digest() for each in pictures]
        new = {key: place for place, key in enumerate(keys) if key not in self._known}
        if new:
            self._program = self._program or self._make()
            said = self._program.run(pictures[list(new.values())], batch_size=self._size, names=("classes",))
            self._known.update(zip(new, said["classes"].tolist(), strict=True))
            self.passes += len(new)
        return np.array([self._known[key] for key in keys], np.int64)
