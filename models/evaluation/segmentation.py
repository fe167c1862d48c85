"""How good a model is that names a class for every pixel.

Intersection over union (the Jaccard index) of class k, counted over all pixels of all images:

    IoU[k] = pixels that are k and are named k / pixels that are k or are named k
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import Record, ask
from ..forward_pass import answers

HEADS = ("softmax", "sigmoid", "linear")
_SLACK = 1e-4  # beyond 0 and 1 that a probability may lie by rounding


@dataclass(frozen=True, eq=False)
class SegmentationEvaluation(Record):
    """Everything measured on one set of images and masks. NaN where a number is not defined (0 of 0 pixels)."""

    class_names: tuple[str, ...]  # [K]
    confusion: np.ndarray  # int64[K,K], pixels; row: true class, column: the class that was named
    accuracy: float  # 0..1, share of the pixels whose class was named
    iou: np.ndarray  # float64[K], 0..1
    class_accuracy: np.ndarray  # float64[K], 0..1, of the pixels of the class, the share named so
    precision: np.ndarray  # float64[K], 0..1, of the pixels named so, the share that is of the class
    mean_iou: float  # 0..1, over the classes that are there or are named
    image_iou: np.ndarray  # float64[B], 0..1, of each image, mean over the classes that are there or are named in it
    image_accuracy: np.ndarray  # float64[B], 0..1
    ignored: int  # pixels left out

    def worst(self, count: int = 10) -> np.ndarray:
        """int64[n]: the numbers of the images with the smallest mean IoU, the smallest first."""
        order = np.argsort(self.image_iou, kind="stable")
        return order[np.isfinite(self.image_iou[order])][:count]

    def table(self) -> Any:
        """A row a class: a `pandas.DataFrame` where pandas is installed, else a list of dicts."""
        support = self.confusion.sum(axis=1)
        rows = [
            {
                "class": name,
                "IoU": float(self.iou[k]),
                "accuracy": float(self.class_accuracy[k]),
                "precision": float(self.precision[k]),
                "pixels": int(support[k]),
            }
            for k, name in enumerate(self.class_names)
        ]
        return ask("table", rows)


def evaluate_segmentation(
    model: Any,
    images: Any,
    masks: Any,
    class_names: Sequence[str] | None = None,
    *,
    head: str = "softmax",
    ignore: int | None = None,
    batch_size: int = 256,
) -> SegmentationEvaluation:
    """Run the model once over the images and measure how well it names the class of each pixel.

    Args:
        model: A Keras model that answers [B,H,W,K], or [B,H,W,1] where there are two classes.
        images: float32[B,H,W,C] in the range that the model takes, or a `Dataset`.
        masks: int[B,H,W] or [B,H,W,1], the class of each pixel; or one-hot [B,H,W,K].
        class_names: K names; None: 'class 0', 'class 1', ...
        head: What the answer is: 'softmax', 'sigmoid' (of one channel, the probability of class 1) or 'linear' (logits).
        ignore: A value of the masks that stands for no class, such as 255; its pixels are left out.
        batch_size: Images at a time, at most.

    Raises:
        ValueError: Answers and masks are not of one size, or a mask holds a class that the model does not know.

    Example:
        >>> found = evaluate_segmentation(segmenter, images, masks, ignore=255)                  # doctest: +SKIP
        >>> found.mean_iou, found.worst(3)                                                       # doctest: +SKIP
        (0.71, array([17, 3, 40]))
    """
    pixels = getattr(images, "images", images)
    named = [pixel_classes(np.asarray(answer), head) for answer in answers(model, pixels, batch_size)]
    return evaluation_of_masks(
        np.concatenate([each[0] for each in named]), masks, named[0][1], class_names, ignore=ignore
    )


def pixel_classes(answer: np.ndarray, head: str = "softmax") -> tuple[np.ndarray, int]:
    """The class named at each pixel, int64[B,H,W], and how many classes there are.

    Args:
        answer: float[B,H,W,K], or [B,H,W,1] of one channel that tells two classes apart.
        head: As for `evaluate_segmentation`.

    Raises:
        ValueError: It has other axes, or does not fit the head.
    """
    if head not in HEADS:
        raise ValueError(f"Expected the head {', '.join(HEADS)}. Received {head!r}. Give one of these.")
    if answer.ndim != 4:
        raise ValueError(
            f"Expected a model that names a class for each pixel, answers [B,H,W,K]. Received {list(answer.shape)}. Images of "
            f"one class each are measured by evaluate(model, data)."
        )
    low, high = float(answer.min()), float(answer.max())
    if head != "linear" and not (low >= -_SLACK and high <= 1 + _SLACK):
        raise ValueError(
            f"Expected a {head} answer in [0, 1]. Received values from {low:.4g} to {high:.4g}. Pass head='linear' if the model "
            f"ends in logits."
        )
    channels = answer.shape[-1]
    if channels == 1:
        return (answer[..., 0] > (0 if head == "linear" else 0.5)).astype(np.int64), 2
    if head == "sigmoid":
        raise ValueError(
            f"Expected one channel of a sigmoid head. Received {channels}, which may each be on or off: a pixel then has several "
            f"classes or none. Measure each channel alone, as answers[..., k:k + 1]."
        )
    return answer.argmax(axis=-1), channels


def evaluation_of_masks(
    named: np.ndarray,
    masks: Any,
    classes: int,
    class_names: Sequence[str] | None = None,
    *,
    ignore: int | None = None,
) -> SegmentationEvaluation:
    """The same of classes that were named already.

    Args:
        named: int64[B,H,W], the class named at each pixel.
        masks, class_names, ignore: As for `evaluate_segmentation`.
        classes: How many there are, K.
    """
    truth = true_classes(masks, classes, named.shape, ignore)
    names = tuple(class_names) if class_names is not None else tuple(f"class {k}" for k in range(classes))
    if len(names) != classes:
        raise ValueError(
            f"Expected a name for each of {classes} classes. Received {len(names)}: {', '.join(names[:6])}. Name all of them, in "
            f"the order of the model's channels."
        )
    each = np.stack([_confusion(a, b, classes) for a, b in zip(truth, named, strict=True)])
    whole = each.sum(axis=0)
    iou, accuracy = _iou(whole), _share(np.diag(whole), whole.sum(axis=1))
    by_image = _iou(each)
    return SegmentationEvaluation(
        class_names=names,
        confusion=whole,
        accuracy=float(_share(np.trace(whole), whole.sum())),
        iou=iou,
        class_accuracy=accuracy,
        precision=_share(np.diag(whole), whole.sum(axis=0)),
        mean_iou=float(_mean(iou)),
        image_iou=_mean(by_image),
        image_accuracy=_share(np.trace(each, axis1=1, axis2=2), each.sum(axis=(1, 2))),
        ignored=int((truth < 0).sum()),
    )


def true_classes(masks: Any, classes: int, shape: tuple[int, ...], ignore: int | None = None) -> np.ndarray:
    """The true class of each pixel, int64[B,H,W]; -1 where it is left out.

    Raises:
        ValueError: The masks are not of the answers' shape, or hold a class that there is not.
    """
    given = np.asarray(masks)
    if given.ndim == 4:
        given = given[..., 0] if given.shape[-1] == 1 else _from_one_hot(given)
    if given.shape != shape or (given.dtype.kind not in "biu" and not np.array_equal(given, np.floor(given))):
        raise ValueError(
            f"Expected masks int{list(shape)}, the class of each pixel of the answers. Received "
            f"{given.dtype}{list(given.shape)}. Resize masks by the nearest pixel, never by a mean of classes."
        )
    truth = given.astype(np.int64)
    kept = np.ones(truth.shape, bool) if ignore is None else truth != ignore
    odd = truth[kept & ((truth < 0) | (truth >= classes))]
    if odd.size:
        raise ValueError(
            f"Expected classes from 0 to {classes - 1} in the masks. Received {int(odd[0])}. If it stands for no class, pass "
            f"ignore={int(odd[0])}; masks of 0 and 255 are masks // 255."
        )
    return np.where(kept, truth, -1)


def _from_one_hot(masks: np.ndarray) -> np.ndarray:
    if not np.isin(masks, (0, 1)).all() or not (masks.sum(axis=-1) == 1).all():
        raise ValueError(
            f"Expected one-hot masks [B,H,W,K], one 1 at each pixel. Received {masks.dtype}{list(masks.shape)} with others. Give "
            f"the class of each pixel as int[B,H,W]."
        )
    return masks.argmax(axis=-1)


def _confusion(truth: np.ndarray, named: np.ndarray, classes: int) -> np.ndarray:
    kept = truth >= 0
    pairs = np.bincount(truth[kept] * classes + named[kept], minlength=classes**2)
    return pairs.reshape(classes, classes)


def _iou(confusion: np.ndarray) -> np.ndarray:
    """Of confusions int64[...,K,K]."""
    both = np.diagonal(confusion, axis1=-2, axis2=-1)
    return _share(both, confusion.sum(axis=-1) + confusion.sum(axis=-2) - both)


def _share(part: Any, whole: Any) -> np.ndarray:
    over = np.asarray(whole, np.float64)
    return np.divide(part, over, out=np.full(over.shape, np.nan), where=over > 0)


def _mean(values: np.ndarray) -> np.ndarray:
    """Over the last axis, of what is known."""
    known = np.isfinite(values)
    return _share(np.where(known, values, 0).sum(axis=-1), known.sum(axis=-1))
