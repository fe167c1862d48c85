"""A store as a reader sees it: columns of all images, maps and activations that are read when they are looked at."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from ... import Shown
from ...kinds import checks_kinds
from ...models.known_names import unknown_name
from .files import arrays, ledger, tables
from .files.ledger import Entry
from .files.states import States, states_name
from .files.units import Unit, units_of
from .rows import UnitRows
from .settings import StoreSettings, read_settings
from .wanted import stored_name


class Store(Shown):
    """What `extract` wrote.

    Args:
        root: Its folder.

    Raises:
        ValueError: It is no store.
    """

    @checks_kinds
    def __init__(self, root: Path) -> None:
        self.root = root
        self.settings: StoreSettings = read_settings(root)
        self._entries = ledger.entries(root)

    def __len__(self) -> int:
        """How many images it is of, done or not."""
        return self.settings.images

    @property
    def units(self) -> tuple[Unit, ...]:
        """All units."""
        return units_of(self.settings.images, self.settings.unit_images)

    @property
    def missing(self) -> tuple[Unit, ...]:
        """Those that are not done."""
        return tuple(unit for unit in self.units if unit.number not in self._entries)

    @property
    def entries(self) -> tuple[Entry, ...]:
        """A line for each unit that is done, in their order."""
        return tuple(self._entries[number] for number in sorted(self._entries))

    @property
    def digest(self) -> str:
        """SHA-256 of all that it holds: equal for equal content, however it came about."""
        return ledger.content_digest(self.entries)

    def damaged(self) -> tuple[Unit, ...]:
        """Units with a file that is not what its line says; all files are read for it."""
        return tuple(
            unit
            for unit in self.units
            if unit.number in self._entries and not ledger.is_whole(self.root, self._entries[unit.number])
        )

    def column(self, name: str) -> np.ndarray:
        """A column of the tables, of the units that are done: [n], or [n,K] for 'logits' and 'probabilities'."""
        return self.columns([name])[name]

    def columns(self, names: list[str]) -> dict[str, np.ndarray]:
        """Several columns."""
        parts = [
            tables.read_table(self.root / tables.table_name(unit), names)
            for unit in self.units
            if unit.number in self._entries
        ]
        if not parts:
            raise ValueError(
                f"Expected a store with a unit that is done at '{self.root}'. Received none. Extract first."
            )
        return {name: np.concatenate([part[name] for part in parts]) for name in names}

    def rows(self, start: int, stop: int) -> tuple[UnitRows, tuple[str, ...]]:
        """What is kept of some images, and the names of their files, where they have any.

        Args:
            start: Number of the first image.
            stop: One more than that of the last.
        """
        touched = [unit for unit in self.units if unit.start < stop and start < unit.stop]
        parts = [tables.read_table(self.root / tables.table_name(unit)) for unit in touched]
        within = slice(start - touched[0].start, stop - touched[0].start)
        columns = {name: np.concatenate([part[name] for part in parts])[within] for name in parts[0]}
        files = columns.pop("file")
        for name in tables.IN_WORDS:
            columns.pop(name)
        found = UnitRows(
            columns,
            {name: self.maps(name)[start:stop] for name in self.settings.maps},
            {name: self.activations(name)[start:stop] for name in self.settings.activations},
        )
        return found, () if files[0] is None else tuple(files)

    def statistic(self, fresh: Any) -> Any:
        """A statistic as if it had seen all images in one pass.

        Args:
            fresh: One with its key that has seen nothing.

        Raises:
            ValueError: The store is not complete, or holds none of this key.
        """
        if not self.settings.for_report or self.missing:
            why = f"without {len(self.missing)} of its units" if self.missing else "without them"
            raise ValueError(
                f"Expected a complete store with the statistics of a report. Received '{self.root}' {why}. Extract with "
                f"--for-report; the same command goes on where one was interrupted."
            )
        found: Any = None
        for unit in self.units:
            states = States(self.root / states_name(unit))
            if fresh.key not in states.keys:
                raise ValueError(
                    f"Expected the store to hold the {fresh.key!r}. Received '{self.root}', of a report with other settings or "
                    f"of another version. Leave --seed and --method out, or extract anew."
                )
            part = states.restored(fresh)
            if found is None:
                found = part
            else:
                found.merge(part)
        return found

    def maps(self, name: str) -> Any:
        """The zarr array of some maps, [images,h,w]; NaN where a unit is not done.

        Raises:
            ValueError: There is none of this name.
        """
        return self._array(arrays.MAPS, name, self.settings.maps, name)

    def activations(self, layer: str) -> Any:
        """The zarr array of a layer's activations, [images,...]."""
        return self._array(arrays.ACTIVATIONS, stored_name(layer), self.settings.activations, layer)

    def _array(self, folder: str, stored: str, known: tuple[str, ...], name: str) -> Any:
        if name not in known:
            raise unknown_name(f"array of {folder}", name, known or ("none",), "Pass one of those that were extracted.")
        return arrays.opened(self.root, f"{folder}/{stored}")


@checks_kinds
def open_store(path: str | Path) -> Store:
    """Open what `extract` wrote.

    Raises:
        ValueError: It is no store.
    """
    return Store(Path(path))
