"""One picture segmented at a glance: the picture, what is true, what the model names, and where it is wrong."""

from __future__ import annotations

import numpy as np

from ..drawing.class_masks import WRONG, at_size, class_colors, error_overlay, mask_overlay
from ..drawing.pictures import pictures
from ..drawing.wording import percent
from .plot import INK, MUTED, Plot, axes, plain

_SIDE = 224  # pixels of a picture, at most
_CELL = 2.5  # inches
_MOST_NAMED = 12  # classes in the legend


def segmentation_figure(
    image: np.ndarray,
    value_range: tuple[float, float],
    truth: np.ndarray,
    named: np.ndarray,
    class_names: tuple[str, ...],
    told: str = "",
) -> Plot:
    """Four pictures side by side, and the colours of the classes that are in them.

    Args:
        image: float32[H,W,C].
        value_range: (black, white).
        truth: int[h,w], the true class of each pixel, -1 where it is left out.
        named: int[h,w], the class that the model names.
        class_names: K names.
        told: What stands below.
    """
    from matplotlib.patches import Patch

    shown, classes = pictures(image[np.newaxis], value_range, _SIDE), len(class_names)
    size = shown.shape[1], shown.shape[2]
    true, said = at_size(truth[np.newaxis], size), at_size(named[np.newaxis], size)
    panels = {
        "picture": shown,
        "truth": mask_overlay(shown, true, classes),
        "prediction": mask_overlay(shown, said, classes),
        "error": error_overlay(shown, true, said),
    }
    figure, first = axes(_CELL * len(panels), _CELL * size[0] / size[1] + 1.0)
    first.remove()
    for cell, (title, picture) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        cell.imshow(picture[0], interpolation="nearest")
        cell.set_title(title, fontsize=10, color=INK)
        cell.set_xticks([])
        cell.set_yticks([])
        cell.spines[:].set_visible(False)
    there = [k for k in range(classes) if k in truth or k in named]
    colors = class_colors(classes) / 255
    patches = [Patch(color=colors[k], label=plain(class_names[k])) for k in there[:_MOST_NAMED]]
    wrong = Patch(color="#" + bytes(WRONG).hex(), label="wrong")
    figure.legend(handles=[*patches, wrong], loc="outside lower center", ncols=6, fontsize=8, frameon=False)
    counted = truth >= 0
    right = f"{percent(float((truth == named)[counted].mean()))} of the pixels right" if counted.any() else ""
    words = "; ".join(part for part in (right, told) if part)
    figure.suptitle(plain(words), fontsize=10, color=MUTED)
    return Plot(figure, "Segmentation", f"Picture, truth, prediction and error; {words}.")
