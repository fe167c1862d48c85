"""What is known of a model before its first request: its programs, references and trust, and how pictures become its input."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from featurelens.interpret.methods.catalogue import METHODS, KnownMethod
from featurelens.interpret.reference.unlike import reference_images
from featurelens.interpret.trust.record import Trust
from featurelens.models.datasets.dataset import Dataset
from featurelens.models.formats.reading import STORED, Reading
from featurelens.models.screening.answer_sets import SetThresholds, set_thresholds
from featurelens.scripts.serving.answers.method_choice import Trusted, trusted
from featurelens.scripts.serving.answers.pixels import PictureReader
from featurelens.scripts.serving.answers.programs import ModelPrograms

_REFERENCES = 10_000  # images at most, sampled
_SEARCHED = 2048  # of these at most, for the nearest ones, as each answer waits for it
_FEWEST_FOR_A_SET = 19


@dataclass(frozen=True, eq=False)
class References:
    """The images that answers are compared with."""

    source: str
    numbers: np.ndarray  # int64[n], of the images in their data
    labels: np.ndarray  # int64[n]
    probabilities: np.ndarray  # float64[n,K]
    accuracy: float  # 0..1


@dataclass(eq=False)
class ServedModel:
    """A model, ready to answer."""

    name: str
    sha256: str  # of its file, or of its weights where it is a folder
    class_names: tuple[str, ...]
    reader: PictureReader
    programs: ModelPrograms
    references: References
    trusted: Trusted
    layer: str | None  # where the chosen method looks
    refused: dict[str, str]  # method -> why the model cannot be explained by it
    images: np.ndarray  # float32[b,H,W,C], some references, for the warm-up
    _thresholds: dict[float, SetThresholds] = field(default_factory=dict)

    @property
    def quick_methods(self) -> list[KnownMethod]:
        """The methods that answer at once."""
        return [known for known in METHODS.usual if not known.is_expensive and known.name not in self.refused]

    def thresholds(self, coverage: float) -> SetThresholds:
        """From which probability on a class is in the set, at this coverage."""
        if coverage not in self._thresholds:
            if len(self._thresholds) > 64:  # a few are asked for again and again
                self._thresholds.clear()
            found = self.references
            self._thresholds[coverage] = set_thresholds(found.probabilities, found.labels, 1 - coverage)
        return self._thresholds[coverage]

    @cached_property
    def has_sets(self) -> bool:
        """Whether there are enough references for a conformal set at 0.95."""
        return len(self.references.labels) >= _FEWEST_FOR_A_SET


def served_model(
    name: str, path: Path, model: Any, dataset: Dataset, reading: Reading, trust: Trust | None, *, most_pixels: int
) -> ServedModel:
    """Prove the logits, learn what is usual, and find the method to explain by.

    Args:
        name: Under which it is asked for.
        path: Of its file.
        model: The model itself.
        dataset: The references, as the model takes them.
        reading: How pictures are read.
        trust: What was measured of its methods; None for nothing.
        most_pixels: Of a picture that is sent.
    """
    chosen = _sampled(len(dataset))
    few = np.asarray(dataset.images[: min(64, len(dataset))], np.float32)
    programs = ModelPrograms(model, few)
    logits, features = programs.logits_and_features(_taken(dataset, chosen))
    programs.references = reference_images(logits, features, compared=min(_SEARCHED, len(logits) // 2))
    probabilities = programs.head.probabilities(logits)
    labels = dataset.labels[chosen]
    accuracy = float((logits.argmax(axis=1) == labels).mean())
    references = References(dataset.source, chosen, labels, probabilities, accuracy)
    refused = _refused(programs, None if trust is None else trust.cam_layer)
    known = trusted(trust, frozenset(each.name for each in METHODS.usual if each.name not in refused))
    return ServedModel(
        name=name,
        sha256=file_hash(path),
        class_names=dataset.class_names,
        reader=_reader(dataset, model, reading, most_pixels),
        programs=programs,
        references=references,
        trusted=known,
        layer=programs.layer_of(known.method, known.layer),
        refused=refused,
        images=few,
    )


def file_hash(path: Path) -> str:
    """SHA-256 of a file; of a folder, over its files in order of their names."""
    files: Sequence[Path] = sorted(each for each in path.rglob("*") if each.is_file()) if path.is_dir() else [path]
    digest = hashlib.sha256()
    for file in files:
        with file.open("rb") as opened:
            while part := opened.read(2**20):
                digest.update(part)
    return digest.hexdigest()


def _sampled(count: int) -> np.ndarray:
    if count <= _REFERENCES:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).choice(count, _REFERENCES, replace=False))


def _taken(dataset: Dataset, chosen: np.ndarray) -> Any:
    return dataset.images if len(chosen) == len(dataset) else dataset.take(chosen).images


def _refused(programs: ModelPrograms, layer: str | None) -> dict[str, str]:
    """Why the model cannot be explained by some methods; the others are traced by that, at the layer that they look at."""
    refused = {}
    for known in METHODS.usual:
        try:
            programs.check(known, programs.layer_of(known, layer))
        except ValueError as error:
            refused[known.name] = str(error)
    return refused


def _reader(dataset: Dataset, model: Any, reading: Reading, most_pixels: int) -> PictureReader:
    from featurelens.scripts.options.opening import image_input

    declared = image_input(model)
    channels = int(dataset.images.shape[3])
    height, width, _ = declared or (int(dataset.images.shape[1]), int(dataset.images.shape[2]), channels)
    return PictureReader(
        (height, width, channels),
        dataset.value_range,
        reading.resizing(),
        reading.preprocessing(),
        reading.exif,
        most_pixels,
        only_numbers=reading.scale == STORED,
    )
