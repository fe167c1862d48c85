"""Pictures with their classes, drawn anew for each seed: those that contents are planted in, and some with nothing planted.

Fashion-MNIST      plants on the five classes that are hard to tell apart; as it is, and the pictures asked about in JPEG
digits             scikit-learn's, 8 x 8; and enlarged to 28 x 28, where the strokes of a class lie much the same
drawn letters      ten letters in OpenCV's fonts, sizes and places: strokes and inks that repeat by nature
photos             crops of the photographs inside scikit-image, where the left and the right half of each are two classes;
                   as they are, and in JPEG
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from featurelens.scripts.benchmarks.plants import compressed

_TESTED = 2000  # images asked about, of Fashion-MNIST
_ENLARGED = 28
_LETTERS, _OF_EACH = "ABCDEFGHIJ", 200
_FONTS = 8  # of OpenCV, all that are drawn in lines
_PHOTOS = (
    "astronaut",
    "coffee",
    "chelsea",
    "rocket",
    "brick",
    "grass",
    "gravel",
    "immunohistochemistry",
    "retina",
    "camera",
)
_SIDE, _CROPS = 32, 200


@dataclass(frozen=True)
class Pictures:
    """Pictures with their classes, the first `tested` to be asked about."""

    name: str
    images: np.ndarray  # float32[n,H,W,C], 0..1
    labels: np.ndarray
    tested: int
    hard: tuple[int, ...]  # classes that are planted on
    stored: Callable[[np.ndarray], np.ndarray] = lambda images: images  # what a file keeps of them, plants among them


def _fashion(seed: int) -> Pictures:
    from featurelens.models import fashion_mnist

    data = fashion_mnist("test")
    order = np.random.default_rng(seed).permutation(len(data))
    return Pictures(
        "Fashion-MNIST", np.array(data.images[:], np.float32)[order], data.labels[order], _TESTED, (0, 2, 3, 4, 6)
    )


def _stored_fashion(seed: int) -> Pictures:
    return replace(_fashion(seed), name="Fashion-MNIST in JPEG", stored=_in_jpeg)


def _digits(seed: int) -> Pictures:
    load_digits = _optional("sklearn.datasets", "scikit-learn").load_digits
    images, labels = (np.asarray(each) for each in load_digits(return_X_y=True))
    order = np.random.default_rng(seed).permutation(len(labels))
    pictures = (images.reshape(-1, 8, 8, 1) / 16).astype(np.float32)
    return Pictures("digits", pictures[order], labels[order].astype(np.int64), 900, tuple(range(10)))


def _enlarged_digits(seed: int) -> Pictures:
    import cv2

    data, size = _digits(seed), (_ENLARGED, _ENLARGED)
    made = np.stack([cv2.resize(image, size, interpolation=cv2.INTER_CUBIC) for image in data.images])[..., np.newaxis]
    return replace(data, name="digits enlarged", images=made.clip(0, 1).astype(np.float32))


def _drawn_letters(seed: int) -> Pictures:
    """Each in one of eight fonts, of two thicknesses, up to a pixel off the middle."""
    import cv2

    random, made, side = np.random.default_rng(seed), [], _ENLARGED
    for letter in _LETTERS:
        for _ in range(_OF_EACH):
            font, scale, thick = int(random.integers(_FONTS)), random.uniform(0.6, 0.95), int(random.integers(1, 3))
            (width, height), _ = cv2.getTextSize(letter, font, scale, thick)
            column, row = ((side + shift) // 2 + int(random.integers(-1, 2)) for shift in (-width, height))
            drawn = cv2.putText(
                np.zeros((side, side), np.uint8), letter, (column, row), font, scale, 255, thick, cv2.LINE_AA
            )
            made.append(drawn[..., np.newaxis] / 255)
    order, classes = random.permutation(len(made)), len(_LETTERS)
    labels = np.repeat(np.arange(classes), _OF_EACH)[order]
    return Pictures("drawn letters", np.array(made, np.float32)[order], labels, len(made) // 2, tuple(range(classes)))


def _photos(seed: int) -> Pictures:
    """Crops at random places and of random sizes; two of the same photograph may overlap."""
    import cv2

    data = _optional("skimage.data", "scikit-image")
    random, made = np.random.default_rng(seed), []
    for name in _PHOTOS:
        photo = getattr(data, name)()
        photo = np.repeat(photo[..., np.newaxis], 3, axis=2) if photo.ndim == 2 else photo[..., :3]
        for half in np.array_split(photo, 2, axis=1):
            for _ in range(_CROPS):
                size = int(random.integers(_SIDE, 4 * _SIDE))
                row, column = (int(random.integers(0, most - size + 1)) for most in half.shape[:2])
                crop = half[row : row + size, column : column + size]
                made.append(cv2.resize(crop, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA) / 255)
    order = random.permutation(len(made))
    labels = np.repeat(np.arange(2 * len(_PHOTOS)), _CROPS)
    return Pictures(
        "photos", np.array(made, np.float32)[order], labels[order], len(made) // 2, tuple(range(2 * len(_PHOTOS)))
    )


def _stored_photos(seed: int) -> Pictures:
    """The same, each written as JPEG of quality 75 and read again: what repeats no longer repeats exactly."""
    return replace(_photos(seed), name="photos in JPEG", stored=_in_jpeg)


def _in_jpeg(images: np.ndarray) -> np.ndarray:
    return compressed(images, quality=75)


def _optional(module: str, package: str) -> Any:
    """A module of a package that only this benchmark needs."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ValueError(
            f"Expected {package} for the pictures of this benchmark. Received none. Install it: pip install {package}."
        ) from error


SETS: dict[str, Callable[[int], Pictures]] = {
    "Fashion-MNIST": _fashion,
    "Fashion-MNIST in JPEG": _stored_fashion,
    "digits": _digits,
    "digits enlarged": _enlarged_digits,
    "drawn letters": _drawn_letters,
    "photos": _photos,
    "photos in JPEG": _stored_photos,
}
