"""Extraction by one process: every unit that is missing, one after another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...interpret.methods.catalogue import KnownMethod
from ...interpret.progress import Progress, shown
from ...interpret.tracing.variants import rows_at_once
from ...kinds import checks_kinds
from ...models.fitting import dataset_for
from .files import ledger
from .files.units import UNIT_IMAGES, Unit, units_of
from .opening import Store, open_store
from .size import MOST_GIGABYTES
from .wanted import wanted_of
from .writing import Asked, UnitWriter, begun


@dataclass(frozen=True)
class Wishes:
    """What is to be kept of each image, and in which units; see `extract`."""

    methods: Sequence[str | KnownMethod] = ()
    layers: Sequence[str] = ()
    activations: Sequence[str] = ()
    dtype: str = "float32"
    batch_size: int | None = None
    unit_images: int = UNIT_IMAGES
    for_report: bool = False
    command: str = "extract(...)"


@checks_kinds
def extract(
    model: Any,
    dataset: Any,
    store: str | Path,
    *,
    methods: Sequence[str | KnownMethod] = (),
    layers: Sequence[str] = (),
    activations: Sequence[str] = (),
    dtype: str = "float32",
    batch_size: int | None = None,
    unit_images: int = UNIT_IMAGES,
    for_report: bool = False,
    part: tuple[int, int] = (1, 1),
    max_store: float = MOST_GIGABYTES,
    mixed: bool = False,
    command: str = "extract(...)",
    progress: Progress = False,
) -> Store:
    """What a model says of every image, into a store that an interruption cannot harm: called again, it goes on.

    Args:
        model: A Keras model.
        dataset: A `Dataset`, or whatever `open_dataset` reads, which is fitted to the model.
        store: A new folder, or the store to go on with.
        methods: Maps to keep, by name.
        layers: Where methods that look at a layer do so; none: the last convolution.
        activations: Layers whose activations are kept, too.
        dtype: Of maps and activations, 'float32' or 'float16'.
        batch_size: Images at a time; None: as many as fit a few megabytes. It decides the last bits of every number.
        unit_images: Images of a unit, which is done or not done as a whole.
        for_report: Whether what a report counts over all images is counted too, in a second pass: `write_report(store=)`.
        part: (k, n): of every n units the k-th, for n machines with a store each, which `join_stores` makes one.
        max_store: Gigabytes (10^9 bytes) before compression that the store may have.
        mixed: Whether a store that another kind of machine began may be gone on with.
        command: What the store tells of how it was asked for.
        progress: True for a bar with the time left, or a function called with (what, done, total), in images.

    Raises:
        ValueError: The store is of another model, data or settings, or would be too large; or images do not fit the model.
        ImportError: pyarrow or zarr is not installed.

    Example:
        >>> store = extract(model, data, "answers", methods=["hirescam"])                       # doctest: +SKIP
        >>> store.maps("hirescam@conv2")[:2].shape                                              # doctest: +SKIP
        (2, 14, 14)
    """
    wishes = Wishes(methods, layers, activations, dtype, batch_size, unit_images, for_report, command)
    asked = asked_for(model, dataset, wishes)
    return extract_asked(asked, Path(store), part=part, max_store=max_store, mixed=mixed, progress=progress)


def extract_asked(
    asked: Asked,
    root: Path,
    *,
    part: tuple[int, int] = (1, 1),
    max_store: float = MOST_GIGABYTES,
    mixed: bool = False,
    progress: Progress = False,
) -> Store:
    """The same, of what was checked already."""
    writer = UnitWriter(root, asked)
    missing = begun(root, asked, writer.shapes, mixed=mixed, most=max_store)
    place, parts = part
    units = units_of(len(asked.dataset), asked.unit_images)
    ours = [unit for unit in units if unit.number % parts == place - 1]
    wanted, total = [unit for unit in missing if unit in ours], sum(map(len, ours))
    for _ in shown(_written(root, writer, wanted, total), total, progress):
        pass
    return finished(root)


def _written(root: Path, writer: UnitWriter, missing: Sequence[Unit], total: int) -> Iterator[int]:
    """How many images are done, after each unit."""
    done = total - sum(map(len, missing))
    for unit in missing:
        ledger.append(root, writer.write(unit))
        done += len(unit)
        yield done


def asked_for(model: Any, dataset: Any, wishes: Wishes) -> Asked:
    """The record of what is asked for, checked; the dataset as for `extract`."""
    data = dataset_for(dataset, model)
    wanted = wanted_of(
        model,
        data.images[: min(len(data), 32)],
        methods=wishes.methods,
        layers=wishes.layers,
        activations=wishes.activations,
        dtype=wishes.dtype,
    )
    size = wishes.batch_size or rows_at_once(data.images[:1])
    return Asked(model, data, wanted, size, wishes.unit_images, wishes.for_report, wishes.command)


def finished(root: Path) -> Store:
    """The store, its ledger in the order of the units, as it is whoever did them."""
    ledger.rewrite(root, ledger.entries(root).values())
    return open_store(root)
