"""Images at another size or with another number of channels: two named steps, taken only when asked for."""

from __future__ import annotations

import numpy as np

from ..opencv import opencv

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
        raise ValueError(f"Expected a size of at least 1x1, got {height}x{width}. Pass the height and width in pixels.")
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
        f"Expected to change 1 channel into 3 or 3 into 1, got {have} into {channels}. "
        "Convert the images first, in the way that their channels call for."
    )
