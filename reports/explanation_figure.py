"""One image explained at a glance: picture, Grad-CAM over it, saliency, the contrast, and the likeliest classes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .colors import colorize, limits_of, overlay
from .figures import INK, LINE, SERIES, Plot, axes
from .pictures import pictures
from .resizing import enlarge
from .wording import number, percent

_SIDE = 224  # pixels of a picture in the figure


@dataclass(frozen=True, eq=False)
class ExplainedImage:
    """What `explain` shows of one image."""

    image: np.ndarray  # float32[H,W,C]
    value_range: tuple[float, float]  # (black, white)
    probabilities: np.ndarray  # float32[K]
    class_names: tuple[str, ...]  # K
    explained: int  # the class that the maps are of
    versus: int | None  # the class it is held against
    true: int | None  # None where it is not known
    grad_cam: np.ndarray  # float32[h,w], score units
    saliency: np.ndarray  # float32[H,W], score units per unit of pixel value
    contrast: np.ndarray | None  # float32[h,w], signed; None without `versus`
    cam_layer: str


def explanation_figure(shown: ExplainedImage) -> Plot:
    """Draw it, the pictures side by side and the probabilities beside them."""
    panels = _panels(shown)
    figure, first = axes(2.4 * len(panels) + 3.4, 3.1)
    first.remove()
    grid = figure.add_gridspec(1, len(panels) + 1, width_ratios=[*[1] * len(panels), 1.1])
    for place, (title, note, picture) in enumerate(panels):
        drawn = figure.add_subplot(grid[place])
        drawn.imshow(picture, interpolation="nearest")
        drawn.set_title(title, fontsize=10, color=INK)
        drawn.set_xlabel(note, fontsize=8.5)
        drawn.set_xticks([])
        drawn.set_yticks([])
        drawn.spines[:].set_visible(False)
    _bars(figure.add_subplot(grid[len(panels)]), shown)
    target = shown.class_names[shown.explained]
    return Plot(figure, f"Why {target}", f"Grad-CAM at {shown.cam_layer} and saliency of the logit of {target}.")


def _panels(shown: ExplainedImage) -> list[tuple[str, str, np.ndarray]]:
    picture = pictures(shown.image[np.newaxis], shown.value_range, _SIDE)
    size = picture.shape[1:3]
    cam, slope = enlarge(shown.grad_cam[np.newaxis], size), enlarge(shown.saliency[np.newaxis], size)
    target = shown.class_names[shown.explained]
    against = "" if shown.versus is None else f" rather than\n{shown.class_names[shown.versus]}"
    true = "" if shown.true is None else f"true class: {shown.class_names[shown.true]}"
    peak = float(shown.grad_cam.max())
    state = f"0 to {number(peak)}, {shown.cam_layer}" if peak > 0 else "all zero: nothing speaks for it"
    panels = [
        ("image", true, picture[0]),
        (f"Grad-CAM, {target}{against}", state, overlay(picture, cam, "evidence", limits_of(cam, "evidence"))[0]),
        (
            f"saliency, {target}{against}",
            f"0 to {number(float(shown.saliency.max()))} per unit",
            colorize(slope, "saliency", limits_of(slope, "saliency"))[0],
        ),
    ]
    if shown.contrast is not None:
        signed = enlarge(shown.contrast[np.newaxis], size)
        title = f"{target}{against}"
        limits = limits_of(shown.contrast, "signed")
        drawn = overlay(picture, signed, "signed", limits, opacity=0.9)[0]
        panels.append((title, f"\N{MINUS SIGN}{number(float(limits[1]))} to {number(float(limits[1]))}, signed", drawn))
    return panels


def _bars(drawn, shown: ExplainedImage) -> None:
    ranked = np.argsort(-shown.probabilities, kind="stable")[:5][::-1]
    marked = [SERIES[1] if label == shown.explained else SERIES[0] for label in ranked]
    drawn.barh(np.arange(len(ranked)), shown.probabilities[ranked], color=marked, height=0.6)
    drawn.set_yticks(np.arange(len(ranked)), [shown.class_names[label] for label in ranked], color=INK)
    drawn.set(xlim=(0, 1.25), xticks=[])
    drawn.spines[:].set_visible(False)
    for place, label in enumerate(ranked):
        drawn.text(shown.probabilities[label] + 0.02, place, percent(float(shown.probabilities[label])), va="center")
    drawn.axvline(0, color=LINE)
