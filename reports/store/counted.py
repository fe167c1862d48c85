"""The statistics of a report, counted over one unit after another: what `featurelens report --store` is written from.

They are counted as the report counts them, in a pass of their own: folded where the report folds, and without the padding
of the rows, since some are summed inside of the graph. Joined, they are those of one pass over all images, to rounding.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ...interpret.stream.one_pass import Stream
from ...interpret.stream.statistic import Batch, Statistic
from ...interpret.tracing.traced_model import Taps
from ..evidence.seen import Seen
from ..report_choice import PAGE_SECTIONS
from .files.units import Unit
from .unit_source import UnitSource

Make = Callable[[], Sequence[Statistic[Any]]]


def report_statistics(seen: Seen) -> Make:
    """Makes what the sections of a report need, anew at each call, each once."""

    def make() -> list[Statistic[Any]]:
        needed = [each for section in PAGE_SECTIONS for each in section.needs(seen)]
        return list({each.key: each for each in reversed(needed)}.values())[::-1]

    return make


class UnitCounter:
    """A model traced once for some statistics, which are counted over one unit after another.

    Args:
        seen: The model and its images, as the report sees them.
    """

    def __init__(self, seen: Seen) -> None:
        self._make = report_statistics(seen)
        self._dataset, self._batch_size = seen.dataset, seen.batch_size
        self._counted = [_Renewed(each) for each in self._make()]
        cam_layer = seen.information.cam_layer
        self._stream = Stream(seen.model, self._counted, fold=[cam_layer] if cam_layer else [])

    def count(self, unit: Unit) -> Mapping[str, Statistic[Any]]:
        """What each statistic sees of the images of a unit, by its key."""
        for counted, fresh in zip(self._counted, self._make(), strict=True):
            counted.now = fresh
        for _ in self._stream.run(UnitSource(self._dataset, unit), self._batch_size):
            pass
        return {each.key: each.now for each in self._counted}


class _Renewed:
    """A statistic that is counted anew for each unit, though the model is traced once."""

    def __init__(self, first: Statistic[Any]) -> None:
        self.key = first.key
        self.now = self._first = first

    def taps(self, taps: Taps, scores: Any) -> Any:
        return self._first.taps(taps, scores)

    def update(self, batch: Batch) -> None:
        self.now.update(batch)

    def merge(self, later: _Renewed) -> None:
        self.now.merge(later.now)

    def result(self) -> Any:
        return self.now.result()
