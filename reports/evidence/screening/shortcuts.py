"""Content that the model reads instead of the object, and groups of images that it fails on, with the pictures that show both."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ....interpret import Shortcut, Shortcuts, find_failing_groups, find_shortcuts
from ....interpret.methods.class_activation import GradCAM, GradCAMPlusPlus, HiResCAM, LayerCAM
from ....interpret.shortcuts.compared import ComparedPictures, most_held
from ....interpret.shortcuts.failing_groups import FailingGroups, looked_at
from ....interpret.shortcuts.pixels.contents import Content
from ....interpret.shortcuts.pool import sampled
from ....interpret.shortcuts.shortcuts import EACH
from ....interpret.stream.image_choice import sample_numbers
from ..seen import Seen
from ..twin import DrawnOnly

EXAMPLES = 3
_AVERAGED = 64  # images of a mean
_METHODS = {"HiResCAM": HiResCAM, "LayerCAM": LayerCAM, "Grad-CAM++": GradCAMPlusPlus, "Grad-CAM": GradCAM}


@dataclass(frozen=True, eq=False)
class ShortcutPictures:
    """What is drawn of one shortcut; numbers are of images in the data set."""

    bearing: np.ndarray  # int64[n], images of the class that carry it
    free: np.ndarray  # int64[n], that do not
    changed: np.ndarray  # int64[n], of other classes
    pasted: np.ndarray  # float32[n,H,W,C], these with the content pasted in
    difference: (
        np.ndarray | None
    )  # float32[H,W]: mean with less mean without, over the channels; None where one side is empty
    method: str | None  # that the evidence is by; None where none passed
    evidence: np.ndarray | None  # float32[h,w], its mean over images of the class that carry the content


@dataclass(frozen=True, eq=False)
class ShortcutsEvidence:
    """The search, without pixels; and what is drawn."""

    numbers: np.ndarray  # int64[N], the shortcuts from 0, in order; `--arrays` writes `masks` by them
    shortcuts: Shortcuts
    groups: FailingGroups
    masks: DrawnOnly[np.ndarray]  # bool[N,H,W]
    pictures: DrawnOnly[tuple[ShortcutPictures, ...]]  # [N]


def gather_shortcuts(seen: Seen) -> ShortcutsEvidence | None:
    """Search; None where images are no pictures, or the labels of one class only."""
    if not can_be_looked_for(seen):
        return None
    images, labels = seen.dataset.images, seen.dataset.labels
    training, compared = seen.plan.training, seen.result(compared_of(seen))
    found = find_shortcuts(
        seen.model,
        images,
        labels,
        training=None if training is None else (training.images, training.labels),
        compared=compared,
        seed=seen.plan.seed,
        batch_size=seen.batch_size,
        progress=seen.progress("looking for shortcuts"),
    )
    said, most = seen.evaluation.predictions, most_held(images.shape)
    groups = find_failing_groups(images, labels, said, most=most, compared=compared, seed=seen.plan.seed)
    size = images.shape[1:3]
    return ShortcutsEvidence(
        numbers=np.arange(len(found.found)),
        shortcuts=replace(found, found=tuple(replace(each, mask=np.zeros((0, 0), bool)) for each in found.found)),
        groups=groups,
        masks=np.stack([each.mask for each in found.found]) if found.found else np.zeros((0, *size), bool),
        pictures=tuple(_pictures(seen, each) for each in found.found),
    )


def can_be_looked_for(seen: Seen) -> bool:
    """Whether the images are pictures of two classes or more."""
    return len(seen.dataset.images.shape) == 4 and len(np.unique(seen.dataset.labels)) > 1


def compared_of(seen: Seen) -> ComparedPictures:
    """The small pictures that both searches compare, as a statistic of the stream."""
    dataset, seed = seen.dataset, seen.plan.seed
    of_groups = looked_at(len(dataset), most_held(dataset.images.shape), seed)
    return ComparedPictures(np.union1d(sampled(dataset.labels, EACH, seed), of_groups), dataset.value_range)


def _pictures(seen: Seen, shortcut: Shortcut) -> ShortcutPictures:
    labels, seed = seen.dataset.labels, seen.plan.seed
    carries = np.isin(np.arange(len(labels)), shortcut.carriers)
    own = labels == shortcut.label
    bearing, free = np.flatnonzero(own & carries), np.flatnonzero(own & ~carries)
    others = np.flatnonzero(~own & ~carries)
    changed = others[sample_numbers(len(others), EXAMPLES, seed)]
    method, evidence = _mean_evidence(seen, shortcut, bearing)
    return ShortcutPictures(
        bearing=bearing[sample_numbers(len(bearing), EXAMPLES, seed)],
        free=free[sample_numbers(len(free), EXAMPLES, seed)],
        changed=changed,
        pasted=_pasted(seen, shortcut, changed, bearing),
        difference=_difference(seen, bearing, free),
        method=method,
        evidence=evidence,
    )


def _difference(seen: Seen, bearing: np.ndarray, free: np.ndarray) -> np.ndarray | None:
    if not len(bearing) or not len(free):
        return None
    images, seed = seen.dataset.images, seen.plan.seed
    with_it, without = (
        images[rows[sample_numbers(len(rows), _AVERAGED, seed)]].mean(axis=(0, 3)) for rows in (bearing, free)
    )
    return (with_it - without).astype(np.float32)


def _pasted(seen: Seen, shortcut: Shortcut, changed: np.ndarray, bearing: np.ndarray) -> np.ndarray:
    """The images with the content of those that bear it; as they are where it is not at a place, or nobody bears it."""
    images = seen.dataset.images[changed]
    if not len(bearing) or not len(changed) or shortcut.kind == "stamp":
        return images
    donors = seen.dataset.images[bearing[np.arange(len(changed)) % len(bearing)]]
    mask = shortcut.mask if shortcut.kind in ("mark", "frame") else None
    return Content(shortcut.kind, mask).both(images, donors, donors)[0].astype(np.float32)


def _mean_evidence(seen: Seen, shortcut: Shortcut, bearing: np.ndarray) -> tuple[str | None, np.ndarray | None]:
    passed = [name for name in _METHODS if name in seen.verdicts and seen.verdicts[name].level == "good"]
    if shortcut.reliance != "relied on" or not passed or not len(bearing) or not seen.has_class_maps:
        return None, None
    chosen = bearing[sample_numbers(len(bearing), _AVERAGED, seen.plan.seed)]
    explain = _METHODS[passed[0]](seen.model, seen.survey.cam_layer)
    maps = explain(seen.dataset.images[chosen], shortcut.label, batch_size=seen.batch_size)
    return passed[0], maps.mean(axis=0)
