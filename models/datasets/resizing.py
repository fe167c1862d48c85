"""Images at another size or with another number of channels: two named steps, taken only when asked for.

For a model, images are resized as Keras resizes them before a training (`Resizing`), so that a model sees the values that it
was trained on: `bilinear`, `area` and `bicubic` are those of `keras.utils.image_dataset_from_directory` (`tf.image.resize`,
half-pixel centres, no smoothing before shrinking), `nearest` that of `keras.utils.load_img` and so of `ImageDataGenerator`
(Pillow). Bilinear and nearest are computed here, to the last bit where the processor does not fuse a product and a sum; area
and bicubic by TensorFlow itself. For people, pictures are averaged down (`resize_images`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..opencv import opencv

InputShape = tuple[int | None, int | None, int | None]  # (H, W, C) that a model takes; None: any

LUMA = np.array([0.299, 0.587, 0.114], np.float32)  # ITU-R BT.601: how bright red, green and blue look; sums to 1


def resize_images(images: np.ndarray, height: int, width: int) -> np.ndarray:
    """Return every image at `height` x `width`; the aspect ratio is not kept.

    An axis that shrinks is averaged over area (`cv2.INTER_AREA`), an axis that grows is interpolated linearly
    (`cv2.INTER_LINEAR`); where one shrinks and the other grows, shrinking comes first. Neither leaves the range
    of the pixels that it reads.

    Args:
        images: float32[B, H, W, C].
        height: rows wanted, at least 1.
        width: columns wanted, at least 1.

    Returns:
        float32[B, height, width, C], in the units of `images`.
    """
    if height < 1 or width < 1:
        raise ValueError(
            f"Expected a size of at least 1x1. Received {height}x{width}. Pass the height and width in pixels."
        )
    resized = np.empty((len(images), height, width, images.shape[3]), np.float32)
    for image, target in zip(images, resized, strict=True):
        target[...] = _resize(image, height, width)
    return resized


def _resize(image: np.ndarray, height: int, width: int) -> np.ndarray:
    cv2 = opencv()
    smaller = min(width, image.shape[1]), min(height, image.shape[0])
    image = cv2.resize(image, smaller, interpolation=cv2.INTER_AREA)
    image = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    return image.reshape(height, width, -1)  # cv2 drops the axis of a single channel


def convert_channels(images: np.ndarray, channels: int) -> np.ndarray:
    """Return the images in grey (1 channel) or RGB (3 channels).

    Grey to RGB repeats the channel; RGB to grey is the weighted mean 0.299 R + 0.587 G + 0.114 B.

    Args:
        images: float32[B, H, W, C], C is 1 or 3 (or already `channels`).
        channels: 1 or 3.

    Returns:
        float32[B, H, W, channels], in the units of `images`.
    """
    have = images.shape[3]
    if have == channels:
        return images
    if (have, channels) == (1, 3):
        return np.repeat(images, 3, axis=3)
    if (have, channels) == (3, 1):
        return (images @ LUMA)[..., np.newaxis]
    raise ValueError(
        f"Expected to change 1 channel into 3 or 3 into 1. Received {have} into {channels}. "
        "Convert the images first, in the way that their channels call for."
    )


INTERPOLATIONS = ("bilinear", "nearest", "area", "bicubic")
FITS = ("stretch", "crop", "pad")


@dataclass(frozen=True)
class Resizing:
    """How pictures come to another size."""

    interpolation: str = "bilinear"  # one of INTERPOLATIONS
    fit: str = "stretch"  # 'stretch': aspect ratio not kept; 'crop': the middle; 'pad': all, with black around

    def __post_init__(self) -> None:
        for what, name, known in (("interpolation", self.interpolation, INTERPOLATIONS), ("fit", self.fit, FITS)):
            if name not in known:
                raise ValueError(f"Expected --{what} out of {', '.join(known)}. Received '{name}'. Pass one of these.")

    def __call__(self, images: np.ndarray, height: int, width: int) -> np.ndarray:
        """Return float32[B,height,width,C] of images [B,H,W,C] of bytes or float32, in their units."""
        if height < 1 or width < 1:
            raise ValueError(f"Expected a size of at least 1x1. Received {height}x{width}. Pass a height and a width.")
        if images.shape[1:3] == (height, width):
            return np.asarray(images, np.float32)
        if self.fit == "crop":
            return self._stretched(_middle(images, height, width, whole=self.interpolation == "nearest"), height, width)
        if self.fit == "pad":
            return self._padded(images, height, width)
        return self._stretched(images, height, width)

    def __str__(self) -> str:
        return self.interpolation if self.fit == "stretch" else f"{self.interpolation}, {self.fit}"

    def _stretched(self, images: np.ndarray, height: int, width: int) -> np.ndarray:
        if self.interpolation == "bilinear":
            return bilinear(images, height, width)
        if self.interpolation == "nearest":
            rows, columns = nearest_places(images.shape[1], height), nearest_places(images.shape[2], width)
            return images[:, rows][:, :, columns].astype(np.float32)
        import tensorflow as tf

        return tf.image.resize(images, (height, width), method=self.interpolation).numpy()

    def _padded(self, images: np.ndarray, height: int, width: int) -> np.ndarray:
        """`tf.image.resize_with_pad`, step by step in float32 as there."""
        whole = np.float32(images.shape[1]), np.float32(images.shape[2])
        ratio = max(whole[1] / np.float32(width), whole[0] / np.float32(height))
        wanted = whole[0] / ratio, whole[1] / ratio
        inner = max(1, int(np.floor(wanted[0]))), max(1, int(np.floor(wanted[1])))
        top, left = (
            max(0, int(np.floor((np.float32(size) - part) / 2)))
            for size, part in zip((height, width), wanted, strict=True)
        )
        padded = np.zeros((len(images), height, width, images.shape[3]), np.float32)
        padded[:, top : top + inner[0], left : left + inner[1]] = self._stretched(images, *inner)
        return padded


def bilinear(images: np.ndarray, height: int, width: int) -> np.ndarray:
    """Linear between the four pixels around each place, float32[B,height,width,C]; far ones have no part in it.

    Example:
        A row of 0 and 4 at four columns: 0, 1, 3, 4.
    """
    above, below, down = _places(images.shape[1], height)
    before, behind, across = _places(images.shape[2], width)
    across, down = across[:, np.newaxis], down[:, np.newaxis, np.newaxis]
    top, bottom = (_along(images[:, rows], before, behind, across) for rows in (above, below))
    return top + (bottom - top) * down


def _along(rows: np.ndarray, before: np.ndarray, behind: np.ndarray, across: np.ndarray) -> np.ndarray:
    """Between the columns of some rows; only those that are wanted become float32."""
    left, right = (rows[:, :, columns].astype(np.float32) for columns in (before, behind))
    return left + (right - left) * across


def _places(have: int, want: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """For each pixel wanted: the one before it, the one behind it, and how far it lies between them, in [0, 1)."""
    centres = (np.arange(want, dtype=np.float32) + np.float32(0.5)) * (np.float32(have) / np.float32(want))
    centres -= np.float32(0.5)
    floor = np.floor(centres)
    before = np.maximum(floor, 0).astype(np.int64)
    behind = np.minimum(np.ceil(centres), have - 1).astype(np.int64)
    return before, behind, centres - floor


def nearest_places(have: int, want: int) -> np.ndarray:
    """The pixel that Pillow takes for each one wanted, int64[want]: it adds the step up, and so is followed here."""
    step = have / want
    centres = np.cumsum(np.r_[step * 0.5, np.full(want - 1, step)])
    return np.minimum(centres.astype(np.int64), have - 1)


def _middle(images: np.ndarray, height: int, width: int, *, whole: bool) -> np.ndarray:
    """The largest middle part with the aspect ratio wanted; `whole`: by whole numbers, as `load_img` cuts it."""
    have_height, have_width = images.shape[1:3]
    if whole:
        rows, columns = have_width * height // width, have_height * width // height
    else:
        rows = int(np.float32(have_width * height) / np.float32(width))
        columns = int(np.float32(have_height * width) / np.float32(height))
    rows, columns = max(min(have_height, rows), 1), max(min(have_width, columns), 1)
    top, left = (have_height - rows) // 2, (have_width - columns) // 2
    return images[:, top : top + rows, left : left + columns]


def describe(shape: InputShape) -> str:
    """Return a shape in words: '96x96 with 3 channels (RGB)'."""
    height, width, channels = ("any" if axis is None else str(axis) for axis in shape)
    color = {"1": " (grey)", "3": " (RGB)"}.get(channels, "")
    return f"{height}x{width} with {channels} channel{'' if channels == '1' else 's'}{color}"
