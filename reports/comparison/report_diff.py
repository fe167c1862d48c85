"""Two reports on the same images: which mistakes went, which came, how maps moved, what changed in trust and channels."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...interpret.maps.resampling import enlarged
from ...models.evaluation.significance import McNemarTest, mcnemar
from ...models.file_limits import LIMITS, require_regular_file
from ..evidence.twin import DrawnOnly
from ..files.report_files import read_report

_MAPS = {"mistakes.contrast": "Contrast", "mistakes.grad_cam.0": "Grad-CAM", "mistakes.saliency.0": "Saliency"}
_MAP_SIDE = 28  # both maps are brought to it where their grids differ


@dataclass(frozen=True, eq=False)
class ReportSide:
    """One of the two reports."""

    name: str  # of its model
    figures: Mapping[str, Any]  # its JSON
    arrays: Mapping[str, np.ndarray]  # its maps; none where there is no file of them
    correct: np.ndarray  # bool[B]


@dataclass(frozen=True, eq=False)
class Changed:
    """Images whose answer turned."""

    numbers: np.ndarray  # int64[N], those first that the right side is surest of
    true: np.ndarray  # int64[N]
    before: np.ndarray  # int64[N], the class answered
    after: np.ndarray  # int64[N]


@dataclass(frozen=True, eq=False)
class MovedMaps:
    """How alike the maps of one kind are in both reports, for the images explained in both with the same classes."""

    kind: str
    numbers: np.ndarray  # int64[N], the images
    correlation: np.ndarray  # float64[N], Pearson's, -1..1; NaN where a map is constant


@dataclass(frozen=True, eq=False)
class TrustChange:
    """One method's verdict in both; None where it was not measured."""

    method: str
    before: str | None
    after: str | None


@dataclass(frozen=True, eq=False)
class ChannelChange:
    """One layer's silent channels in both."""

    layer: str
    fell_silent: np.ndarray  # int64[...]
    woke: np.ndarray  # int64[...]


@dataclass(frozen=True, eq=False)
class ReportDiff:
    """Two reports, beside each other."""

    before: DrawnOnly[ReportSide]
    after: DrawnOnly[ReportSide]
    classes: tuple[str, ...]
    images: int
    accuracy: tuple[float, float]
    test: McNemarTest
    went: Changed  # mistakes of the first that the second gets right
    came: Changed  # the other way round
    otherwise: int  # images that both get wrong, in other ways
    maps: tuple[MovedMaps, ...]
    trust: tuple[TrustChange, ...]
    channels: tuple[ChannelChange, ...]
    same_weights: bool


def read_diff(before: Path, after: Path) -> ReportDiff:
    """Compare two files that `featurelens report --json` wrote, with the arrays beside them where they are there.

    Raises:
        ValueError: One is no such file, or they are of other images or classes.
    """
    first, second = (read_report(path) for path in (before, after))
    _require_same_images(first, second)
    return diff_of(*(_side(each, path) for each, path in ((first, before), (second, after))))


def _require_same_images(first: Mapping[str, Any], second: Mapping[str, Any]) -> None:
    for what, one, other in (
        ("classes", *(each["about"].get("classes") for each in (first, second))),
        ("labels", *(each["answers"]["true"] for each in (first, second))),
        ("pixels", *(each["about"].get("pixels") for each in (first, second))),
    ):
        if one != other:
            raise ValueError(
                f"Expected two reports on the same images. Received reports whose {what} differ. Write both on one data set: "
                f"featurelens report MODEL --data SOURCE --json FILE."
            )


def _side(figures: Mapping[str, Any], path: Path) -> ReportSide:
    answers = figures["answers"]
    correct = np.array(answers["true"]) == np.array(answers["predicted"])
    return ReportSide(str(figures["about"].get("model", path.stem)), figures, _arrays(figures, path), correct)


def _arrays(figures: Mapping[str, Any], path: Path) -> dict[str, np.ndarray]:
    """The maps beside the JSON; none where the file is not there."""
    name = figures.get("arrays")
    beside = path.parent / Path(str(name)).name
    if not name or not beside.is_file():
        return {}
    try:
        require_regular_file(beside, LIMITS)
        with beside.open("rb") as file, np.load(file, allow_pickle=False) as held:
            wanted = {*_MAPS, "mistakes.numbers", "mistakes.pictures"}
            return {each: held[each] for each in held.files if each in wanted}
    except (OSError, ValueError, EOFError, zlib.error, zipfile.BadZipFile) as error:
        raise ValueError(
            f"Expected the arrays of a report at '{beside}'. Received a file that is none: {error}. Write it anew, or move it "
            f"away to compare without maps."
        ) from error


def diff_of(before: ReportSide, after: ReportSide) -> ReportDiff:
    """Compare two reports."""
    answers = [side.figures["answers"] for side in (before, after)]
    true = np.array(answers[0]["true"], np.int64)
    said = [np.array(each["predicted"], np.int64) for each in answers]
    went, came = ~before.correct & after.correct, before.correct & ~after.correct
    sure = [np.array(each["probability"], np.float64) for each in answers]
    return ReportDiff(
        before=before,
        after=after,
        classes=tuple(before.figures["about"]["classes"]),
        images=len(true),
        accuracy=(float(before.correct.mean()), float(after.correct.mean())),
        test=mcnemar(before.correct, after.correct),
        went=_changed(went, sure[1], true, said),
        came=_changed(came, sure[0], true, said),
        otherwise=int((~before.correct & ~after.correct & (said[0] != said[1])).sum()),
        maps=tuple(_moved(before, after, said)),
        trust=tuple(_trust(before.figures, after.figures)),
        channels=tuple(_channels(before.figures, after.figures)),
        same_weights=before.figures["about"].get("weights") == after.figures["about"].get("weights"),
    )


def _changed(mask: np.ndarray, sure: np.ndarray, true: np.ndarray, said: list[np.ndarray]) -> Changed:
    numbers = np.flatnonzero(mask)
    numbers = numbers[np.argsort(-sure[numbers], kind="stable")]
    return Changed(numbers, true[numbers], said[0][numbers], said[1][numbers])


def _moved(before: ReportSide, after: ReportSide, said: list[np.ndarray]) -> Any:
    none = np.zeros(0, np.int64)
    one, other = (side.arrays.get("mistakes.numbers", none) for side in (before, after))
    shared, first, second = np.intersect1d(one, other, return_indices=True)
    same = said[0][shared] == said[1][shared]  # else the maps are of other classes
    shared, first, second = shared[same], first[same], second[same]
    for key, kind in _MAPS.items():
        if len(shared) and key in before.arrays and key in after.arrays:
            alike = correlations(before.arrays[key][first], after.arrays[key][second])
            yield MovedMaps(kind, shared, alike)


def correlations(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Pearson's correlation of each pair of maps float[B,h,w], at one size; NaN where one is constant."""
    if first.shape[1:] != second.shape[1:]:
        first, second = (enlarged(each, (_MAP_SIDE, _MAP_SIDE)) for each in (first, second))
    rows = [each.reshape(len(each), -1).astype(np.float64) for each in (first, second)]
    one, other = (each - each.mean(axis=1, keepdims=True) for each in rows)
    size = np.sqrt(np.square(one).sum(axis=1) * np.square(other).sum(axis=1))
    return np.divide((one * other).sum(axis=1), size, out=np.full(len(one), np.nan), where=size > 1e-20)


def _trust(first: Mapping[str, Any], second: Mapping[str, Any]) -> Any:
    before, after = (_levels(each) for each in (first, second))
    for method in dict.fromkeys([*before, *after]):
        yield TrustChange(method, before.get(method), after.get(method))


def _levels(figures: Mapping[str, Any]) -> dict[str, str]:
    methods = ((figures.get("trust") or {}).get("trust") or {}).get("methods") or {}
    return {name: str(found["verdict"]["level"]) for name, found in methods.items()}


def _channels(first: Mapping[str, Any], second: Mapping[str, Any]) -> Any:
    before, after = (_silent(each) for each in (first, second))
    for layer in before.keys() & after.keys():
        fell, woke = np.setdiff1d(after[layer], before[layer]), np.setdiff1d(before[layer], after[layer])
        if len(fell) or len(woke):
            yield ChannelChange(layer, fell, woke)


def _silent(figures: Mapping[str, Any]) -> dict[str, np.ndarray]:
    layers = (figures.get("layers") or {}).get("layers") or []
    return {str(each["name"]): np.array(each["silent_channels"], np.int64) for each in layers}
