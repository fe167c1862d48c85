"""One segmented picture: what is true, what the model names, and where it is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ...kinds import Images, checks_kinds
from ...models.datasets.dataset import range_of_values
from ...models.evaluation.segmentation import true_classes
from ..plots.plot import Plot
from ..plots.segmentation import segmentation_figure


@checks_kinds
def plot_segmentation(
    image: Images,
    truth: Images,
    named: Images,
    class_names: Sequence[str] | None = None,
    *,
    ignore: int | None = None,
    value_range: tuple[float, float] | None = None,
) -> Plot:
    """The picture, its true classes, those that a model names, and the pixels where the two differ, side by side.

    Args:
        image: float[H,W,C].
        truth: int[h,w], the class of each pixel; coarser than the image is allowed.
        named: int[h,w], the class that the model names, as in `model(image[None]).numpy()[0].argmax(-1)`.
        class_names: K names; None: 'class 0', 'class 1', ...
        ignore: A value of `truth` that stands for no class, such as 255.
        value_range: (black, white); None: as the values of the image speak for.

    Returns:
        The picture: `.figure` is matplotlib's, `.png()` and `.svg()` its bytes and text.

    Raises:
        ValueError: They do not fit each other.

    Example:
        >>> truth = np.array([[0, 1], [1, 1]])
        >>> plot_segmentation(np.zeros((4, 4, 1)), truth, np.ones((2, 2), int), ["sky", "sea"]).description
        'Picture, truth, prediction and error; 75.0 % of the pixels right.'
    """
    pixels, said = np.asarray(image, np.float32), np.asarray(named)
    classes = len(class_names) if class_names is not None else int(max(said.max(), _largest(truth, ignore))) + 1
    if pixels.ndim != 3 or said.ndim != 2 or said.dtype.kind not in "biu" or said.min() < 0 or said.max() >= classes:
        raise ValueError(
            f"Expected an image [H,W,C] and the classes int[h,w] that a model names, 0 to {classes - 1}. Received "
            f"{list(pixels.shape)} and {said.dtype}{list(said.shape)}. Give one image, and the class of the model's largest "
            f"answer at each pixel: argmax(-1)."
        )
    true = true_classes(np.asarray(truth)[np.newaxis], classes, (1, *said.shape), ignore)[0]
    names = tuple(class_names) if class_names is not None else tuple(f"class {k}" for k in range(classes))
    return segmentation_figure(pixels, value_range or range_of_values(pixels), true, said.astype(np.int64), names)


def _largest(truth: Any, ignore: int | None) -> int:
    given = np.asarray(truth)
    counted = given if ignore is None else given[given != ignore]
    return int(counted.max(initial=0))
