"""What a store is of: the model, the images, what is kept, and the machine that decides the last bits."""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ...models.datasets.dataset import Dataset
from ...models.datasets.fingerprints import images_fingerprint
from ...models.json_files import read_json
from ...models.records import from_twin
from .files.durable import written

NAME = "store.json"
FORMAT = 1
_LOOKED_AT = 64  # images whose pixels are part of the fingerprint: those of a million would cost a run of their own


@dataclass(frozen=True)
class Machine:
    """What decides which kernels run, and so the last bits of every number."""

    processor: str
    tensorflow: str
    one_dnn: str  # the setting of TF_ENABLE_ONEDNN_OPTS

    @property
    def digest(self) -> str:
        """Eight letters that stand for it in the ledger."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()[:8]


@dataclass(frozen=True)
class StoreSettings:
    """The settings of a store. Two stores can be joined where all but `images`, `data`, `pixels` and `machines` agree."""

    format: int
    model: str  # its name
    weights: str  # SHA-256 of its weights
    data: str  # where the images came from
    images: int
    pixels: str  # SHA-256 of labels, names and the pixels of 64 images spread over all
    class_names: tuple[str, ...]
    value_range: tuple[float, float]
    maps: tuple[str, ...]  # names of arrays in maps/
    activations: tuple[str, ...]  # names of layers
    dtype: str
    unit_images: int
    batch_size: int
    for_report: bool
    command: str
    machines: tuple[Machine, ...]  # the first one began the store


def this_machine() -> Machine:
    """The machine that this runs on."""
    import tensorflow as tf

    return Machine(_processor(), tf.__version__, os.environ.get("TF_ENABLE_ONEDNN_OPTS", "default"))


def data_fingerprint(dataset: Dataset) -> str:
    """SHA-256 of how many images there are, their labels, names and files, and the pixels of 64 spread over all."""
    digest = hashlib.sha256(f"{len(dataset)} {dataset.files} {dataset.names}".encode("utf-8", "surrogatepass"))
    digest.update(np.ascontiguousarray(dataset.labels).data)
    spread = np.unique(np.linspace(0, len(dataset) - 1, _LOOKED_AT).astype(np.int64))
    digest.update(images_fingerprint(dataset.take(spread).images).encode())
    return digest.hexdigest()


def write_settings(root: Path, settings: StoreSettings) -> None:
    """Write them for good."""
    with written(root / NAME) as partial:
        partial.write_text(json.dumps(asdict(settings), indent=1) + "\n", encoding="utf-8")


def read_settings(root: Path) -> StoreSettings:
    """The settings of a store.

    Raises:
        ValueError: There is none, or it is of another form.
    """
    remedy = "Name a folder that `featurelens extract` wrote."
    expected = f"Expected a store, a folder with {NAME}, at '{root}'"
    if not (root / NAME).exists():
        what = "a folder without" if root.is_dir() else "no such folder"
        raise ValueError(f"{expected}. Received {what}{'' if what.startswith('no') else ' it'}. {remedy}")
    try:
        found = from_twin(StoreSettings, read_json(root / NAME))
    except ValueError as error:
        raise ValueError(f"{expected}. Received one that {error}. {remedy}") from error
    if found.format != FORMAT:
        raise ValueError(f"{expected} of format {FORMAT}. Received format {found.format}. Extract again.")
    return found


_WHAT = {
    "weights": "model (its weights)",
    "pixels": "data (labels, names or pixels)",
    "images": "number of images",
    "class_names": "classes",
    "value_range": "pixel range",
    "maps": "maps",
    "activations": "activations",
    "dtype": "dtype",
    "unit_images": "unit size",
    "batch_size": "batch size",
    "for_report": "wish for the statistics of a report",
}
OF_IMAGES = ("images", "pixels")  # settings that tell of which images a store is
OF_PARTS = (*OF_IMAGES, "for_report")  # that may differ between stores of parts of the data


def difference(
    one: StoreSettings, other: StoreSettings, *, only: Collection[str] = _WHAT, leaving: Collection[str] = ()
) -> str | None:
    """The first setting in which they differ, in words; None where they agree.

    Args:
        one: The settings of a store.
        other: Those of another, or of what is asked for.
        only: The settings that are compared.
        leaving: Those that may differ.
    """
    for name, what in _WHAT.items():
        if name not in only or name in leaving:
            continue
        if getattr(one, name) != getattr(other, name):
            return f"{what}: {_brief(getattr(one, name))} against {_brief(getattr(other, name))}"
    return None


def kinds_of(machines: Iterable[Machine]) -> tuple[Machine, ...]:
    """Each kind once, in order."""
    return tuple(dict.fromkeys(machines))


def _brief(value: object) -> str:
    said = str(value)
    return said if len(said) <= 60 else f"{said[:56]}..."


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.machine())
