"""Series and volumes out of the files that people have: `.npz`, `.npy`, WAV, NIfTI, one by one or in a folder per class.

Values stay as they are stored, as nothing tells in which range they ought to be; WAV is from -1 to 1. Nothing is resampled:
what does not fit the model is refused, but for series that `fit="pad"` cuts off or fills up with zeros behind.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ....kinds import checks_kinds
from ...datasets.class_names import are_numbers, match_class_names
from ...datasets.labels import ClassNumbers, class_numbers
from ...model_files.cards import card_of
from ...signals import Signals, named
from ..array_files import array_of, arrays_of, npy_files
from ..reading import Reading
from .scans import ENDINGS as SCANS
from .scans import read_scan, require_nibabel
from .sounds import ENDINGS as SOUNDS
from .sounds import read_wav


@dataclass(frozen=True, eq=False)
class FileKind:
    """Files that each hold one series or volume."""

    endings: tuple[str, ...]  # of their names, in lower case
    read: Callable[[Path], tuple[np.ndarray, tuple[float, ...]]]  # the values, and the step along each axis of places
    unit: str  # of the steps


def _sound(path: Path) -> tuple[np.ndarray, tuple[float, ...]]:
    values, rate = read_wav(path)
    return values, (1 / rate,)


KINDS = (
    FileKind(SOUNDS, _sound, "s"),
    FileKind(SCANS, read_scan, "mm"),
    FileKind((".npy",), lambda path: (array_of(path), ()), ""),
)
ENDINGS = tuple(ending for kind in KINDS for ending in kind.endings)


@dataclass(frozen=True, eq=False)
class Found:
    """What a source holds."""

    values: np.ndarray  # [B, ...], of any number type
    labels: np.ndarray | None  # as stored
    class_names: tuple[str, ...] | None = None
    names: tuple[str, ...] = ()
    steps: tuple[float, ...] = ()
    unit: str = ""
    notes: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()


@checks_kinds
def open_signals(
    source: Any,
    *,
    model: Any = None,
    class_names: Sequence[str] | None = None,
    fit: str | None = None,
    images_key: str | None = None,
    labels_key: str | None = None,
) -> Signals:
    """Read series or volumes, with their classes where these are known, and make them fit a model.

    Args:
        source: A `.npz` of values and labels; a `.npy` of values, with labels beside it or as 'VALUES.npy,LABELS.npy'; a WAV,
            NIfTI or `.npy` file of one; a folder of such, or of one folder per class. From Python an array, or arrays as
            (values, labels). Of arrays [B,L] and [B,L,C] are series, [B,D,H,W] and [B,D,H,W,C] volumes.
        model: The Keras model that they are for: its declared input tells whether there is a channel, and what must fit.
        class_names: In the order of the model's outputs; None: those of its card, else of the data.
        fit: None: series of another length are refused; 'pad': longer ones are cut off, zeros come behind shorter ones.
        images_key: Name of the array of values, in a file of several.
        labels_key: Name of the array of labels, likewise.

    Raises:
        ValueError: The source cannot be read, or does not fit the model; the message says what does.

    Example:
        >>> open_signals((np.zeros((2, 16)), [0, 1])).images.shape
        (2, 16, 1)
    """
    return read_signals(source, model, class_names, fit, Reading(images_key=images_key, labels_key=labels_key))


def signals_alone(
    source: Any, model: Any, class_names: Sequence[str] | None, fit: str | None, keys: Reading
) -> Signals:
    """As `read_signals`, without looking at labels, which may be numbers or several at once: for what explains no class."""
    return read_signals(source, model, class_names, fit, keys, numbers_of=lambda labels, source: None)


def read_signals(
    source: Any,
    model: Any,
    class_names: Sequence[str] | None,
    fit: str | None,
    keys: Reading,
    numbers_of: Callable[[np.ndarray, str], ClassNumbers | None] = class_numbers,
) -> Signals:
    """Series or volumes as `open_signals` reads them.

    Args:
        source, model, class_names, fit: As there.
        keys: With the names of the arrays of values and labels.
        numbers_of: Of labels as they are stored, and the name of the source, the class of each.
    """
    if fit not in (None, "pad"):
        raise ValueError(f"Expected fit None or 'pad'. Received {fit!r}. Give one of the two.")
    wanted = () if model is None else declared_shape(model)
    found = _read(source, fit, wanted[0] if wanted else None, keys)
    values, has_channel, notes = _as_taken(found.values, wanted, fit, _source(source))
    labels = None if found.labels is None else numbers_of(found.labels, _source(source))
    card = None if model is None else card_of(model)
    known = found.class_names or (None if labels is None else labels.class_names)
    numbers = None if labels is None else labels.labels
    axes = values.ndim - 1 - has_channel
    made = Signals(
        images=values,
        labels=numbers,
        class_names=named(numbers, known, None),
        source=_source(source),
        has_channel=has_channel,
        names=found.names,
        steps=found.steps if len(found.steps) == axes else (),
        unit=found.unit,
        notes=(*found.notes, *(() if labels is None else labels.notes), *notes),
        unreadable=found.unreadable,
    )
    own = class_names is not None and len(class_names) > 0
    return _with_classes(made, class_names if own else None if card is None else card.class_names)


def _with_classes(made: Signals, names: Sequence[str] | None) -> Signals:
    """The classes in the order of the model's outputs, by their names."""
    if names is None:
        return made
    if made.labels is None or are_numbers(made.class_names):
        return replace(made, class_names=tuple(names))
    return match_class_names(made, names)  # type: ignore[arg-type,return-value]  # it asks for labels and names alone


def holds_signals(source: str | Path) -> bool:
    """Whether a path leads to sounds or scans, which are no pictures: one, or a folder of them."""
    path = Path(source)
    if path.is_dir():
        return any(each.name.lower().endswith((*SOUNDS, *SCANS)) for each in path.rglob("*"))
    return path.name.lower().endswith((*SOUNDS, *SCANS)) and path.exists()


def declared_shape(model: Any) -> tuple[int | None, ...]:
    """The shape of one series or volume that a model takes, None for a size left open.

    Raises:
        ValueError: The model does not declare one input of real numbers.
    """
    inputs = getattr(model, "inputs", None) or []
    shape = tuple(inputs[0].shape)[1:] if len(inputs) == 1 else ()
    if not shape or "float" not in str(getattr(inputs[0].dtype, "name", inputs[0].dtype)):
        raise ValueError(
            f"Expected a model that declares one input of real numbers, such as keras.Input((128, 1)). Received "
            f"{len(inputs) or 'none'}. Read the values without model=, and give them in the form that it takes."
        )
    if len(shape) == 3 and not any("3D" in type(layer).__name__ for layer in model._flatten_layers()):
        raise ValueError(
            f"Expected a model of series (L, C) or volumes (D, H, W, C). Received one of pictures, {shape}. Read pictures by "
            f"open_dataset(source, model=model)."
        )
    return shape


def _source(source: Any) -> str:
    return str(source) if isinstance(source, (str, Path)) else "arrays"


def _read(source: Any, fit: str | None, length: int | None, keys: Reading) -> Found:
    if not isinstance(source, (str, Path)):
        return _of_arrays(source)
    path = Path(source)
    if path.is_dir():
        return _of_folder(path, fit, length)
    if not path.exists() and str(source).count(",") == 1:
        values, labels = (Path(part.strip()) for part in str(source).split(","))
        return Found(array_of(values), array_of(labels))
    name = path.name.lower()
    if name.endswith(".npz"):
        values, labels, names, notes = arrays_of(path, keys)
        return Found(values, labels, names, notes=notes)
    if name.endswith(".npy"):
        _, *beside = npy_files(path)
        return Found(array_of(path), array_of(beside[0]) if len(beside) == 1 else None)
    return _of_files([path], path.parent, fit, length)


def _of_arrays(source: Any) -> Found:
    if isinstance(source, tuple) and len(source) == 2:
        return Found(np.asarray(source[0]), np.asarray(source[1]))
    return Found(np.asarray(source), None)


def _of_folder(folder: Path, fit: str | None, length: int | None) -> Found:
    """A folder of files, or of a folder for each class."""
    classes = sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.name.startswith("."))
    parts = {each.name: _files(each) for each in classes}
    if not classes:
        return _of_files(_files(folder), folder, fit, length)
    empty = next((name for name, files in parts.items() if not files), None)
    if empty is not None:
        raise ValueError(
            f"Expected files {', '.join(ENDINGS)} in each folder of '{folder}'. Received none in '{empty}'. Put them there, or "
            f"take the folder away."
        )
    found = _of_files([file for files in parts.values() for file in files], folder, fit, length)
    names = tuple(parts)
    numbers = np.array([names.index(file.split("/")[0]) for file in found.names], np.int64)
    return replace(found, labels=numbers, class_names=names)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.name.lower().endswith(ENDINGS) and path.is_file())


def _of_files(paths: Sequence[Path], folder: Path, fit: str | None, length: int | None) -> Found:
    """One series or volume from each file, all of one kind, shape and step; one of several that is damaged is left out."""
    if not paths:
        raise ValueError(
            f"Expected files {', '.join(ENDINGS)} in '{folder}'. Received none. Give the folder that holds them, or a .npz of "
            f"values and labels."
        )
    kinds = {_kind(path): path for path in paths}
    if len(kinds) > 1:
        first, other, *_ = kinds.values()
        raise ValueError(
            f"Expected series or volumes of one kind of file. Received '{first.name}' and '{other.name}'. Keep each kind in a "
            f"folder of its own, or save all as one .npz."
        )
    kind = next(iter(kinds))
    if kind.endings == SCANS:
        require_nibabel(paths[0])
    parts, names, unreadable, notes = _each_read(kind, paths, folder)
    steps = {each[1] for each in parts}
    if len(steps) > 1:
        unlike = next(place for place, each in enumerate(parts) if each[1] != parts[0][1])
        raise ValueError(
            f"Expected one step from place to place. Received {parts[0][1]} in '{names[0]}' and {parts[unlike][1]} in "
            f"'{names[unlike]}'. Resample them to one rate, or one size of a voxel."
        )
    values = [each[0] for each in parts]
    if fit == "pad" and values[0].ndim <= 2:
        values = [padded(each, length or max(map(len, values))) for each in values]
    shapes = {each.shape for each in values}
    if len(shapes) > 1:
        unlike = next(place for place, each in enumerate(values) if each.shape != values[0].shape)
        raise ValueError(
            f"Expected files of one shape. Received {list(values[0].shape)} in '{names[0]}' and {list(values[unlike].shape)} in "
            f"'{names[unlike]}'. Of series fit='pad' (--fit pad) makes one length; volumes are to be resampled."
        )
    notes += _sounds_told(values[0], parts[0][1], len(values)) if kind.endings == SOUNDS else ()
    return Found(
        np.stack(values), None, names=names, steps=parts[0][1], unit=kind.unit, notes=notes, unreadable=unreadable
    )


_Part = tuple[np.ndarray, tuple[float, ...]]  # what a file holds: the values, and the step along each axis


def _each_read(
    kind: FileKind, paths: Sequence[Path], folder: Path
) -> tuple[list[_Part], tuple[str, ...], tuple[str, ...], tuple[str, ...]]:
    """What each file holds, their names, those of the files that cannot be read, and a note of these.

    Raises:
        ValueError: None can be read.
    """
    parts: list[_Part] = []
    names: list[str] = []
    broken: dict[str, ValueError] = {}
    for path in paths:
        name = path.relative_to(folder).as_posix()
        try:
            parts.append(kind.read(path))
        except ValueError as error:
            broken[name] = error
        else:
            names.append(name)
    if not parts:
        raise next(iter(broken.values()))
    notes = ()
    if broken:
        first, error = next(iter(broken.items()))
        others = f" and {len(broken) - 1} more" if len(broken) > 1 else ""
        notes = (f"Left out, as it cannot be read: '{first}'{others}. {' '.join(str(error).split())}",)
    return parts, tuple(names), tuple(broken), notes


def _sounds_told(values: np.ndarray, steps: tuple[float, ...], files: int) -> tuple[str, ...]:
    """What kind of sounds they are, a sentence."""
    length, channels = values.shape
    heard = {1: "mono", 2: "stereo"}.get(channels, f"{channels} channels")
    many = f"{files:,} WAV file{'' if files == 1 else 's'}"
    return (
        f"{many}, {heard}, {1 / steps[0]:,.0f} values a second, {length:,} values ({length * steps[0]:.3g} s) each.",
    )


def _kind(path: Path) -> FileKind:
    """The kind of a file, by its name.

    Raises:
        ValueError: It is none of these.
    """
    known = next((kind for kind in KINDS if path.name.lower().endswith(kind.endings)), None)
    if known is None:
        raise ValueError(
            f"Expected series or volumes: .npz, {', '.join(ENDINGS)}, or a folder of such. Received '{path}'. Save them by "
            f"np.savez(path, images=..., labels=...)."
        )
    return known


def padded(values: np.ndarray, length: int) -> np.ndarray:
    """A series [L,C] of this length: cut off, or with zeros behind."""
    made = np.zeros((length, *values.shape[1:]), values.dtype)
    made[: len(values)] = values[:length]
    return made


def _as_taken(
    values: np.ndarray, wanted: Sequence[int | None], fit: str | None, source: str
) -> tuple[np.ndarray, bool, tuple[str, ...]]:
    """float32 values as the model takes them, whether their last axis is the channel, and what was done."""
    if values.dtype.kind not in "biuf":
        raise ValueError(
            f"Expected numbers in '{source}'. Received {values.dtype}. Save them as numbers, as in values.astype(np.float32)."
        )
    if values.ndim < 2:
        raise ValueError(
            f"Expected series [B,L] or [B,L,C], or volumes [B,D,H,W,C], in '{source}'. Received shape {list(values.shape)}. Give "
            f"a batch, as in values[np.newaxis]."
        )
    real = values.astype(np.float32, copy=False)
    if not wanted:
        missing = real.ndim in (2, 4)
        return (real[..., np.newaxis] if missing else real), True, ()
    if fit == "pad" and len(wanted) <= 2 and wanted[0] and real.ndim in (2, 3):
        real = np.stack([padded(each, wanted[0]) for each in real])
    has_channel = len(wanted) in (2, 4)
    for shaped in (real, real[..., np.newaxis], real[..., 0] if real.shape[-1] == 1 else real):
        if _fits(shaped.shape[1:], wanted):
            return shaped, has_channel, ()
    form = ", ".join("any" if size is None else str(size) for size in wanted)
    turned = real.ndim == len(wanted) + 1 and _fits(np.moveaxis(real[:1], 1, -1).shape[1:], wanted)
    mixed = real.ndim == len(wanted) + 1 and wanted[-1] == 1 and _fits(real[:1, ..., :1].shape[1:], wanted)
    advice = (
        "They are channels first: np.moveaxis(values, 1, -1) turns them."
        if turned
        else f"They have {real.shape[-1]} channels where the model takes one: values.mean(-1, keepdims=True) mixes them down."
        if mixed
        else "Series are made one length by fit='pad' (--fit pad)."
        if len(wanted) <= 2
        else "Resample them to the model's size."
    )
    raise ValueError(
        f"Expected values of shape ({form}), as the model takes. Received {list(real.shape[1:])} from '{source}'. {advice}"
    )


def _fits(shape: tuple[int, ...], wanted: Sequence[int | None]) -> bool:
    return len(shape) == len(wanted) and all(want in (None, have) for have, want in zip(shape, wanted, strict=True))
