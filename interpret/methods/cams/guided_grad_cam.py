"""Guided Grad-CAM: guided backpropagation, where Grad-CAM speaks for the class.

Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra, "Grad-CAM: Visual Explanations from Deep Networks via Gradient-based
Localization", ICCV 2017, arXiv:1610.02391, section 3.2: the two maps multiplied pixel by pixel, Grad-CAM's enlarged linearly
to the image's size.

Caution: the edges are those of guided backpropagation, which hardly depend on the decision (see `guided_backpropagation`); what
speaks of the class is where they are shown.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ...given import Layer, takes_given
from ...maps.resampling import enlarged
from ...progress import Progress
from ...tracing.inputs import Arrays
from ...tracing.targets import Classes
from ..attribution import Explaining
from ..class_activation import GradCAM
from ..guided_backpropagation import CAUTION, GuidedBackpropagation


class GuidedGradCAM(Explaining):
    """Guided Grad-CAM, signed, summed over channels; building one warns of what it does not show.

    Args:
        model: A Keras model with ReLUs.
        layer: Name of the layer of Grad-CAM; None for the last convolution.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Calling it gives float32[B,H,W] at the input's resolution, in units of the logit times logit per unit of pixel value; 0
    wherever Grad-CAM is 0.

    Raises:
        ValueError: As for `GuidedBackpropagation` and `GradCAM`.
    """

    @takes_given
    def __init__(
        self, model: Any, layer: Layer | None = None, *, output: str | None = None, wrt: str | None = None
    ) -> None:
        warnings.warn(CAUTION, UserWarning, stacklevel=2)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # said once
            self._edges = GuidedBackpropagation(model, output=output, wrt=wrt)
        self._cam = GradCAM(model, layer, output=output, wrt=wrt)
        self._program = self._cam._program

    def _called(
        self, images: Arrays, classes: Classes, versus: Classes, batch_size: int, progress: Progress
    ) -> np.ndarray:
        where = self._cam(images, classes, versus, batch_size)
        edges = self._edges(images, classes, versus, batch_size, progress)
        if where.ndim != 3 or edges.ndim != 3:
            raise ValueError(
                f"Expected pictures, whose maps have two axes of places. Received maps of {edges.shape[1:]} and "
                f"{where.shape[1:]}. Use GradCAM."
            )
        return edges * enlarged(where, (edges.shape[1], edges.shape[2]))
