"""What the figures of a model of pixels say, in sentences: the headline, what stands below it, and the findings."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ...models.evaluation.segmentation import SegmentationEvaluation
from ..drawing.wording import count, listed, percent
from ..sections.section import Finding

_LOW = 0.5  # IoU: below it more pixels are wrong than right
_OFTEN = 0.1  # of a class's pixels named as one other class: from there on it is told


def headline(found: SegmentationEvaluation, images: int) -> str:
    """What a reader should know first, a sentence."""
    if not np.isfinite(found.mean_iou):
        return f"No pixel of {count(images, 'image')} is counted: all are left out."
    known = np.flatnonzero(np.isfinite(found.iou))
    low, best = known[found.iou[known].argmin()], known[found.iou[known].argmax()]
    names = found.class_names
    lead = f"Mean IoU {percent(found.mean_iou)} over {count(len(known), 'class', 'classes')}"
    if len(known) < 2:
        return f"{lead}, on {count(images, 'image')}"
    shares = [percent(float(found.iou[k]), 0) for k in (best, low)]
    return f"{lead}: {names[best]} is found best ({shares[0]}), {names[low]} worst ({shares[1]})"


def told(found: SegmentationEvaluation) -> list[tuple[str, str]]:
    """What stands below the headline: what is asked, and its answer."""
    if not np.isfinite(found.accuracy):
        return []
    lines = [("How many pixels?", f"{percent(found.accuracy)} of {int(found.confusion.sum()):,} are named correctly.")]
    pair = _largest_pair(found)
    if pair is not None:
        true, named, share = pair
        names = found.class_names
        lines.append(("Taken for what?", f"{percent(share, 0)} of {names[true]} is named {names[named]}."))
    known = found.image_iou[np.isfinite(found.image_iou)]
    worst = int(np.nanargmin(found.image_iou))
    lines.append(
        (
            "From image to image?",
            f"Mean IoU of an image: median {percent(float(np.median(known)), 0)}, worst {percent(float(known.min()), 0)} (image "
            f"{worst}).",
        )
    )
    return lines


def _largest_pair(found: SegmentationEvaluation) -> tuple[int, int, float] | None:
    """The true and the named class of the most incorrect pixels, and their share of the class; None where none is incorrect."""
    wrong = found.confusion * (1 - np.eye(len(found.class_names), dtype=np.int64))
    if not wrong.any():
        return None
    true, named = divmod(int(wrong.argmax()), len(found.class_names))
    return true, named, float(wrong[true, named] / found.confusion[true].sum())


def mask_findings(found: SegmentationEvaluation) -> Iterator[Finding]:
    """The mean IoU, classes that are found badly or never, and what one is taken for."""
    if not np.isfinite(found.mean_iou):
        yield Finding("No pixel is counted: all are left out.", "problem", 0.0, "iou", "classes", 1.0)
        return
    names, support = found.class_names, found.confusion.sum(axis=1)
    yield Finding(f"Mean IoU {percent(found.mean_iou)}.", "fact", found.mean_iou, "iou", "classes", 1.0)
    never = [name for name, there in zip(names, support, strict=True) if not there]
    low = [k for k in np.flatnonzero(support) if found.iou[k] < _LOW]
    if low:
        said = listed([f"{names[k]} ({percent(float(found.iou[k]), 0)})" for k in low])
        yield Finding(f"IoU below {percent(_LOW, 0)}: {said}.", "caution", float(len(low)), "iou", "classes", 0.9)
    missed = [names[k] for k in np.flatnonzero(support) if not found.confusion[k, k]]
    if missed:
        said = f"Not one pixel is found of {listed(missed)}."
        yield Finding(said, "problem", float(len(missed)), "iou", "classes", 0.95)
    pair = _largest_pair(found)
    if pair is not None and pair[2] >= _OFTEN:
        true, named, share = pair
        said = f"{percent(share, 0)} of the pixels of {names[true]} are named {names[named]}."
        yield Finding(said, "caution", share, "iou", "classes", 0.8)
    if never:
        said = f"No mask holds {listed(never)}: nothing can be said of how well such pixels are found."
        yield Finding(said, "caution", float(len(never)), "iou", "classes", 0.7)
