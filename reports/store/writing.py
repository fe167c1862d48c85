"""A store on the disk: begun once, filled unit by unit in any order, gone on with after any interruption."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...interpret.maps.state import LOGIT
from ...interpret.stream.statistic import Statistic
from ...models.datasets.dataset import Dataset
from ...models.model_files.cards import card_of
from ...models.model_files.weights import weights_fingerprint
from ..evidence.plan import ReportPlan
from ..evidence.seen import Seen
from .counted import UnitCounter
from .files import arrays, ledger, tables
from .files.durable import clear_partial, sync
from .files.ledger import Entry
from .files.states import FOLDER as STATISTICS
from .files.states import states_name, write_states
from .files.units import Unit, units_of
from .rows import RowReader, UnitRows
from .settings import (
    FORMAT,
    StoreSettings,
    data_fingerprint,
    difference,
    kinds_of,
    read_settings,
    this_machine,
    write_settings,
)
from .settings import NAME as SETTINGS
from .size import MOST_GIGABYTES, check_size, expected_bytes
from .wanted import Wanted, stored_name


@dataclass(frozen=True, eq=False)
class Asked:
    """What a store is asked for."""

    model: Any
    dataset: Dataset
    wanted: Wanted
    batch_size: int
    unit_images: int
    for_report: bool = False  # whether the statistics of a report are counted, too
    command: str = "extract(...)"

    def settings(self) -> StoreSettings:
        """As they are written into the store."""
        dataset, wanted = self.dataset, self.wanted
        return StoreSettings(
            format=FORMAT,
            model=str(self.model.name),
            weights=weights_fingerprint(self.model),
            data=dataset.source,
            images=len(dataset),
            pixels=data_fingerprint(dataset),
            class_names=dataset.class_names,
            value_range=(float(dataset.value_range[0]), float(dataset.value_range[1])),
            maps=tuple(each.name for each in wanted.maps),
            activations=wanted.activations,
            dtype=wanted.dtype,
            unit_images=self.unit_images,
            batch_size=self.batch_size,
            for_report=self.for_report,
            command=self.command,
            machines=(this_machine(),),
        )


class UnitWriter:
    """Reads units and writes their files: what one process does of a store, in whatever order it is told to."""

    def __init__(self, root: Path, asked: Asked) -> None:
        self._root = root
        self._asked = asked
        self._reader = RowReader(asked.model, asked.dataset, asked.wanted, asked.batch_size)
        self._counter = _counter(asked) if asked.for_report else None
        self._machine = this_machine()

    def write(self, unit: Unit) -> Entry:
        """The files of a unit, on the disk for good; its line of the ledger, which is not written yet."""
        began = time.monotonic()
        rows, dataset = self._reader.read(unit), self._asked.dataset
        names = dataset.names[unit.start : unit.stop]
        counted = {} if self._counter is None else self._counter.count(unit)
        return write_unit(self._root, unit, rows, names, dataset.class_names, self._machine.digest, began, counted)

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """{name of an array: its shape for one image}, found by running the model on the first image."""
        rows = self._reader.read(Unit(0, 0, 1))
        return {name: values.shape[1:] for name, values in _arrays(rows).items()}


def _counter(asked: Asked) -> UnitCounter:
    plan = ReportPlan(batch_size=asked.batch_size)
    return UnitCounter(Seen(asked.model, asked.dataset, plan, card=card_of(asked.model)))


def write_unit(
    root: Path,
    unit: Unit,
    rows: UnitRows,
    names: tuple[str, ...],
    class_names: tuple[str, ...],
    machine: str,
    began: float,
    counted: Mapping[str, Statistic[Any]] | None = None,
) -> Entry:
    """The files of a unit out of its rows, on the disk for good; `names` are those of the images' files, or none."""
    tables.write_table(root, unit, rows.columns, names, class_names)
    files = [tables.table_name(unit)]
    if counted:
        write_states(root / states_name(unit), counted)
        files.append(states_name(unit))
    files += [arrays.write_rows(root, name, unit, values) for name, values in _arrays(rows).items()]
    described = {name: ledger.described(root / name) for name in files}
    return Entry(unit.number, len(unit), machine, described, time.monotonic() - began)


def begun(
    root: Path,
    asked: Asked,
    shapes: Callable[[], dict[str, tuple[int, ...]]],
    *,
    mixed: bool,
    most: float = MOST_GIGABYTES,
) -> list[Unit]:
    """Begin a store, or go on with the one that is there; the units that are missing.

    Args:
        root: The store.
        asked: What it is asked for.
        shapes: Of the arrays for one image; asked for only where a store is begun.
        mixed: Whether another kind of machine may go on with it, which is then noted.
        most: Gigabytes that it may have.

    Raises:
        ValueError: The folder holds something else, or a store of another model, data, settings or kind of machine.
    """
    wanted = asked.settings()
    if (root / SETTINGS).exists():
        _go_on(root, wanted, mixed=mixed)
    else:
        require_free(root)
        _begin(root, asked, wanted, shapes(), most)
    clear_partial(root)
    whole = [entry for entry in ledger.entries(root).values() if ledger.is_whole(root, entry)]
    ledger.rewrite(root, whole)
    done = {entry.unit for entry in whole}
    return [unit for unit in units_of(len(asked.dataset), asked.unit_images) if unit.number not in done]


def _begin(root: Path, asked: Asked, settings: StoreSettings, shapes: dict[str, tuple[int, ...]], most: float) -> None:
    images, dtype = len(asked.dataset), asked.wanted.dtype
    check_size(root, expected_bytes(images, len(settings.class_names), shapes, dtype), images, most)
    made = {name: (shape, _attributes(name, asked, settings)) for name, shape in shapes.items()}
    lay_out(root, settings, made)


def require_free(root: Path) -> None:
    """Refuse a folder that holds other things.

    Raises:
        ValueError: It does.
    """
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise ValueError(
            f"Expected a new folder, or a store, for '{root}'. Received something else that is there. Name another one."
        )


def lay_out(root: Path, settings: StoreSettings, made: Mapping[str, tuple[tuple[int, ...], dict[str, Any]]]) -> None:
    """Make an empty store: {path of an array: (its shape for one image, its attributes)}."""
    require_free(root)
    for folder in (tables.FOLDER, STATISTICS):
        (root / folder).mkdir(parents=True, exist_ok=True)
    sync(root.absolute().parent)
    for name, (shape, attributes) in made.items():
        arrays.create_array(
            root,
            name,
            (settings.images, *shape),
            settings.dtype,
            unit_images=settings.unit_images,
            dimensions=_dimensions(name, shape),
            attributes=attributes,
        )
    sync(root)
    write_settings(root, settings)  # last: a folder without it was not begun


def _go_on(root: Path, wanted: StoreSettings, *, mixed: bool) -> None:
    there = read_settings(root)
    apart = difference(there, wanted)
    if apart is not None:
        raise ValueError(
            f"Expected the store '{root}' to be of the same model, data and settings. Received another {apart}. Name a new "
            f"folder, or call with what began it: {there.command}"
        )
    if wanted.machines[0] in there.machines:
        return
    if not mixed:
        raise ValueError(
            f"Expected the kind of machine that began the store '{root}' ({_told(there)}). Received {_told(wanted)}, whose "
            f"numbers differ in the last bits. Go on there, or pass --mixed, which notes for each unit where it was made."
        )
    write_settings(root, replace(there, machines=kinds_of((*there.machines, *wanted.machines))))


def _told(settings: StoreSettings) -> str:
    machine = settings.machines[0]
    return f"{machine.processor}, TensorFlow {machine.tensorflow}, oneDNN {machine.one_dnn}"


def _arrays(rows: UnitRows) -> dict[str, Any]:
    """{path of an array within the store: its values}."""
    maps = {f"{arrays.MAPS}/{name}": values for name, values in rows.maps.items()}
    return maps | {f"{arrays.ACTIVATIONS}/{stored_name(name)}": values for name, values in rows.activations.items()}


def _dimensions(name: str, shape: tuple[int, ...]) -> tuple[str, ...]:
    """A name for each axis; those of equal names have equal lengths throughout the store, as xarray wants it."""
    place = name.partition("@")[2] or ("image" if name.startswith(arrays.MAPS) else name.rpartition("/")[2])
    if len(shape) == 1:
        return "image", f"{place} unit"
    axes = ("row", "column", "channel") if len(shape) <= 3 else tuple(f"axis {number}" for number in range(len(shape)))
    return ("image", *(f"{place} {axis}" for axis in axes[: len(shape)]))


def _attributes(name: str, asked: Asked, settings: StoreSettings) -> dict[str, Any]:
    common = {"weights": settings.weights, "pixels": settings.pixels, "command": settings.command}
    found = next((each for each in asked.wanted.maps if f"{arrays.MAPS}/{each.name}" == name), None)
    if found is None:
        return {"unit": "activation", **common}
    target = "the predicted class, column 'predicted' of the tables"
    unit = found.method.unit or LOGIT
    return {"method": found.method.name, "layer": found.layer, "unit": unit, "target": target, **common}
