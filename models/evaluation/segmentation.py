"""How good a model is that names a class for every pixel.

Intersection over union (the Jaccard index) of class k, counted over all pixels of all images:

    IoU[k] = pixels that are k and are named k / pixels that are k or are named k
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import Record, ask
from ...kinds import Images, checks_kinds
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


@checks_kinds
def evaluate_segmentation(
    model: Any,
    images: Images,
    masks: Images,
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
    pixels, tally = getattr(images, "images", images), PixelTally(class_names, ignore=ignore)
    for rows, answer in answered(model, pixels, masks, batch_size):
        tally.add(*pixel_classes(answer, head), masks[rows])
    return tally.result()


def answered(model: Any, images: Any, masks: Any, batch_size: int = 256) -> Iterator[tuple[slice, np.ndarray]]:
    """Which images, and the model's answers to them, float[n,H,W,K], batch by batch.

    Raises:
        ValueError: There are other masks than images.
    """
    if len(masks) != len(images):
        raise ValueError(
            f"Expected masks of the classes of {len(images)} images. Received {len(masks)}. Give one for each, in order."
        )
    start = 0
    for answer in answers(model, images, batch_size):
        made = np.asarray(answer)
        yield slice(start, start + len(made)), made
        start += len(made)


@dataclass(frozen=True)
class PixelHead:
    """What a model answers at every pixel."""

    head: str  # 'softmax', 'sigmoid' or 'linear'
    size: tuple[int, int]  # (H, W) of the answers
    classes: int  # K; 2 of one channel
    words: str  # how that was found, a sentence


def pixel_head(model: Any, images: np.ndarray, *, declared: bool = False) -> PixelHead:
    """The head of a model of pixels, as its answers to some images prove it.

    Args:
        model: A Keras model.
        images: float32[n,H,W,C], a few.
        declared: Whether a person says that it is a segmentation: answers that prove nothing are then taken as logits.

    Raises:
        ValueError: It answers something else than a class at every pixel, or nothing proves that it does.
    """
    answer = np.asarray(next(iter(answers(model, images, len(images)))))
    shape = ", ".join(("B", *map(str, answer.shape[1:])))
    if answer.ndim != 4:
        raise ValueError(
            f"Expected a model that names a class for each pixel, answers (B, H, W, K), for masks. Received ({shape}). Leave the "
            f"masks out; where the objects of a classifier's images are is told by featurelens trust --masks."
        )
    found, channels = head_of(answer), answer.shape[-1]
    bounded = answer.min() >= -_SLACK and answer.max() <= 1 + _SLACK
    if found is None and bounded and channels > 1:
        pixel_classes(answer, "sigmoid")  # refuses channels that may each be on or off
    if found is None and not declared:
        raise ValueError(
            f"Expected answers that prove to be classes of pixels: probabilities that sum to 1 over the channels, or one channel "
            f"from 0 to 1. Received ({shape}) from {answer.min():.4g} to {answer.max():.4g}. If they are logits of classes, pass "
            f"--task segmentation."
        )
    size = answer.shape[1], answer.shape[2]
    said = {
        "softmax": f"Its {channels} channels sum to 1 at every pixel of {len(images)} images: a pixel is of the largest",
        "sigmoid": f"Its one channel is from 0 to 1 on {len(images)} images: a pixel is of class 1 above 0.5",
    }
    taken = "the class of a pixel is the largest" if channels > 1 else "a pixel is of class 1 above 0"
    words = said.get(found or "", f"Its answers are taken as logits: {taken}")
    return PixelHead(found or "linear", size, max(2, channels), f"{words}.")


def head_of(answer: np.ndarray) -> str | None:
    """The head that answers of pixels show: 'softmax', 'sigmoid' (of one channel), or None where they do not show it.

    Args:
        answer: float[B,H,W,K].
    """
    if answer.ndim != 4 or not np.isfinite(answer).all():
        return None
    if answer.min() < -_SLACK or answer.max() > 1 + _SLACK:
        return None
    if answer.shape[-1] == 1:
        return "sigmoid"
    slack = _SLACK if answer.dtype == np.float32 else 1e-2  # of 16 bits
    return "softmax" if np.abs(answer.sum(axis=-1, dtype=np.float64) - 1).max() <= slack * answer.shape[-1] else None


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
    tally = PixelTally(class_names, ignore=ignore)
    tally.add(named, classes, masks)
    return tally.result()


class PixelTally:
    """Counts pixels by their true and their named class, some images after the others; it keeps no picture.

    Args:
        class_names, ignore: As for `evaluate_segmentation`.
    """

    def __init__(self, class_names: Sequence[str] | None = None, *, ignore: int | None = None) -> None:
        self._names, self._ignore = class_names, ignore
        self._confusion = np.zeros((0, 0), np.int64)
        self._iou: list[np.ndarray] = []
        self._accuracy: list[np.ndarray] = []
        self._left_out = 0

    def add(self, named: np.ndarray, classes: int, masks: Any) -> np.ndarray:
        """Count further images; returns their true classes, int64[n,H,W], -1 where left out."""
        if not self._confusion.size:
            self._names = _names(self._names, classes)
            self._confusion = np.zeros((classes, classes), np.int64)
        truth = true_classes(masks, classes, named.shape, self._ignore)
        each = np.stack([_confusion(a, b, classes) for a, b in zip(truth, named, strict=True)])
        self._confusion += each.sum(axis=0)
        self._iou.append(_mean(_iou(each)))
        self._accuracy.append(_share(np.trace(each, axis1=1, axis2=2), each.sum(axis=(1, 2))))
        self._left_out += int((truth < 0).sum())
        return truth

    def result(self) -> SegmentationEvaluation:
        """The figures of all images so far."""
        whole = self._confusion
        iou = _iou(whole)
        return SegmentationEvaluation(
            class_names=tuple(self._names or ()),
            confusion=whole,
            accuracy=float(_share(np.trace(whole), whole.sum())),
            iou=iou,
            class_accuracy=_share(np.diag(whole), whole.sum(axis=1)),
            precision=_share(np.diag(whole), whole.sum(axis=0)),
            mean_iou=float(_mean(iou)),
            image_iou=np.concatenate(self._iou),
            image_accuracy=np.concatenate(self._accuracy),
            ignored=self._left_out,
        )


def _names(given: Sequence[str] | None, classes: int) -> tuple[str, ...]:
    names = tuple(given) if given is not None else tuple(f"class {k}" for k in range(classes))
    if len(names) != classes:
        raise ValueError(
            f"Expected a name for each of {classes} classes. Received {len(names)}: {', '.join(names[:6])}. Name all of them, in "
            f"the order of the model's channels."
        )
    return names


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
