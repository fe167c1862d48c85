"""Stores of parts of the data, joined into one: as if one process had seen all images."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from ...interpret.progress import Progress, shown
from ...kinds import checks_kinds
from .files import arrays, ledger
from .files.durable import sync_down_to
from .files.ledger import Entry
from .files.units import Unit, units_of
from .opening import Store, open_store
from .rows import UnitRows
from .settings import OF_IMAGES, OF_PARTS, StoreSettings, difference, kinds_of, write_settings
from .wanted import stored_name
from .writing import lay_out, require_free, write_unit


@checks_kinds
def join_stores(
    parts: Sequence[str | Path | Store], output: str | Path, *, mixed: bool = False, progress: Progress = False
) -> Store:
    """Join stores into a new one.

    Stores of parts of the data follow each other in the order given, and the images are numbered anew. Of stores of the same
    data, each of which did some of the units (`part`), the units are gathered.

    Args:
        parts: Stores of the same model and settings; those of different data complete.
        output: A new folder.
        mixed: Whether they may come from several kinds of machines, whose numbers differ in the last bits.
        progress: True for a bar, or a function called with (what, done, total), in images.

    Raises:
        ValueError: Fewer than two are given, one is not complete or damaged, or they do not belong together.
    """
    found = [part if isinstance(part, Store) else open_store(part) for part in parts]
    root = Path(output)
    _check(found, mixed=mixed)
    require_free(root)
    if _are_shares(found):
        return _gathered(root, found)
    settings = _joined(found)
    lay_out(root, settings, _layout(found[0]))
    for _ in shown(_written(root, found, settings), settings.images, progress):
        pass
    return open_store(root)


def _gathered(root: Path, parts: Sequence[Store]) -> Store:
    """The units of stores of the same images, each of which did some of them."""
    settings = [part.settings for part in parts]
    shutil.copytree(parts[0].root, root, ignore=shutil.ignore_patterns(ledger.NAME, "*.partial*"))
    kept = {entry.unit: (part, entry) for part in reversed(parts) for entry in part.entries}
    for part, entry in kept.values():
        for name in entry.files:
            if part is not parts[0]:
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(part.root / name, root / name)
            sync_down_to(root / name, root)
    write_settings(root, replace(settings[0], machines=kinds_of(each for one in settings for each in one.machines)))
    ledger.rewrite(root, [entry for _, entry in kept.values()])
    return open_store(root)


def _check(parts: Sequence[Store], *, mixed: bool) -> None:
    if len(parts) < 2:
        raise ValueError(f"Expected two stores or more to join. Received {len(parts)}. Name those of all parts.")
    first, shares = parts[0], _are_shares(parts)
    for part in parts:
        apart = difference(first.settings, part.settings, leaving=() if shares else OF_PARTS)
        if apart is not None:
            raise ValueError(
                f"Expected stores of the same model and settings. Received '{first.root}' and '{part.root}' of another {apart}. "
                f"Extract both alike."
            )
        if part.missing and not shares:
            raise ValueError(
                f"Expected stores that are complete. Received '{part.root}' without {len(part.missing)} of {len(part.units)} "
                f"units. Go on with it first: {part.settings.command}"
            )
        if damaged := part.damaged():
            raise ValueError(
                f"Expected files as they were written. Received '{part.root}' with {len(damaged)} damaged units, the first of "
                f"them {damaged[0].number}. Mend it by extracting once more: {part.settings.command}"
            )
    kinds = {machine.digest for part in parts for machine in part.settings.machines}
    if len(kinds) > 1 and not mixed:
        raise ValueError(
            f"Expected stores of one kind of machine. Received {len(kinds)} kinds, whose numbers differ in the last bits. Pass "
            f"--mixed to join them all the same; each unit tells where it was made."
        )


def _are_shares(parts: Sequence[Store]) -> bool:
    """Whether all are of the same images, each with some of the units; else each is of images of its own.

    Raises:
        ValueError: Some are of the same images and others are not.
    """
    pairs = list(combinations(parts, 2))
    alike = [pair for pair in pairs if difference(pair[0].settings, pair[1].settings, only=OF_IMAGES) is None]
    if not alike or len(alike) == len(pairs):
        return bool(alike)
    one, two = alike[0]
    other = next(part for part in parts if difference(one.settings, part.settings, only=OF_IMAGES) is not None)
    raise ValueError(
        f"Expected stores that are all of the same images, or each of its own. Received '{one.root}' and '{two.root}' of the "
        f"same, and '{other.root}' of others. Join those of the same images first, then the result with '{other.root}'."
    )


def _joined(parts: Sequence[Store]) -> StoreSettings:
    settings = [part.settings for part in parts]
    return replace(
        settings[0],
        images=sum(each.images for each in settings),
        data=", ".join(dict.fromkeys(each.data for each in settings)),
        for_report=False,  # statistics know the numbers of their own images only
        pixels=hashlib.sha256("".join(each.pixels for each in settings).encode()).hexdigest(),
        command=f"featurelens merge {' '.join(str(part.root) for part in parts)}",
        machines=kinds_of(machine for each in settings for machine in each.machines),
    )


def _layout(first: Store) -> dict[str, tuple[tuple[int, ...], dict[str, Any]]]:
    named = {f"{arrays.MAPS}/{name}": first.maps(name) for name in first.settings.maps}
    named |= {
        f"{arrays.ACTIVATIONS}/{stored_name(name)}": first.activations(name) for name in first.settings.activations
    }
    return {path: (tuple(array.shape[1:]), dict(array.attrs)) for path, array in named.items()}


def _written(root: Path, parts: Sequence[Store], settings: StoreSettings) -> Iterator[int]:
    for unit in units_of(settings.images, settings.unit_images):
        ledger.append(root, _unit(root, unit, parts, settings))
        yield unit.stop


def _unit(root: Path, unit: Unit, parts: Sequence[Store], settings: StoreSettings) -> Entry:
    """A unit of the whole, out of the parts that it reaches into."""
    began, first = time.monotonic(), 0
    rows: list[UnitRows] = []
    names: list[str] = []
    made_on: list[str] = []
    for part in parts:
        start, stop = max(unit.start - first, 0), min(unit.stop - first, len(part))
        if start < stop:
            found, files = part.rows(start, stop)
            rows.append(found)
            names += files
            made_on += [entry.machine for entry in part.entries]
        first += len(part)
    together = _together(rows, unit)
    machine = "+".join(sorted(set(made_on)))
    return write_unit(root, unit, together, tuple(names), settings.class_names, machine, began)


def _together(rows: Sequence[UnitRows], unit: Unit) -> UnitRows:
    columns = {**_concatenated([each.columns for each in rows]), "number": np.arange(unit.start, unit.stop)}
    return UnitRows(
        {name: columns[name] for name in rows[0].columns},
        _concatenated([each.maps for each in rows]),
        _concatenated([each.activations for each in rows]),
    )


def _concatenated(parts: Sequence[Mapping[str, np.ndarray]]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
