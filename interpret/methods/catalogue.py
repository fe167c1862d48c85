"""The attribution methods by name: how each is made for a model, what its numbers mean, and what an image costs.

For whatever goes through several methods: the measures of trust, the command line.

Several methods made for one model: those that it takes, and why it refuses the others.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..maps.state import LOGIT, LOGIT_PER_PIXEL
from ..tracing.batched_graph import Compute
from .class_activation import (
    GradCAM,
    GradCAMPlusPlus,
    HiResCAM,
    LayerCAM,
    at_layer,
    grad_cam,
    grad_cam_plus_plus,
    hi_res_cam,
    layer_cam,
)
from .gradients import InputXGradient, Saliency, at_image, input_x_gradient, saliency
from .guided_backpropagation import GuidedBackpropagation
from .integrated_gradients import IntegratedGradients
from .occlusion import Occlusion
from .relevance import LayerwiseRelevance
from .rise import RISE
from .score_cam import ScoreCAM
from .smooth_grad import SmoothGrad

_PATCH = 1 / 7  # of the shorter side that a patch of occlusion covers: 4 of 28 pixels; a fixed one costs more and more
LOGIT_TIMES_ACTIVATION = "logit times activation"


@dataclass(frozen=True, eq=False)
class KnownMethod:
    """One attribution method with its default settings; occlusion's patch grows with the image."""

    name: str  # as its paper writes it
    make: Callable[[Any, str | None, int], Any]  # (model, layer of a CAM or None, shorter side in pixels) -> the method
    unit: str  # of its maps
    signed: bool  # whether below 0 means against the class; not so for RISE, whose maps are expected scores
    passes: int  # through the model that one image takes, about; Score-CAM's depend on the layer's channels
    compute: Callable[[str | None], Compute] | None = None  # of a layer or None: the map as part of a larger program

    @property
    def slug(self) -> str:
        """The name in lower case with hyphens, such as 'grad-cam': for command lines."""
        return "-".join(self.name.lower().replace("+", "plus").split())

    @property
    def is_at_layer(self) -> bool:
        """Whether its maps are of a layer, which can be chosen."""
        return "CAM" in self.name

    @property
    def is_expensive(self) -> bool:
        """Whether an image takes more than one pass forward and backward."""
        return self.passes > 2


def _guided(model: Any, *_: object) -> GuidedBackpropagation:
    with warnings.catch_warnings():  # its caution belongs beside its picture, not on every call
        warnings.simplefilter("ignore", UserWarning)
        return GuidedBackpropagation(model)


def _occlusion(model: Any, _: object, side: int) -> Occlusion:
    patch = max(4, round(_PATCH * side))
    return Occlusion(model, patch=patch, stride=patch // 2)


def _at(formula: Any) -> Callable[[str | None], Compute]:
    return lambda layer: at_layer(layer, formula)


def _at_image(formula: Any) -> Callable[[str | None], Compute]:
    return lambda _: at_image(formula)


def _saliency(_: object, slope: Any) -> Any:
    return saliency(slope)


METHODS: tuple[KnownMethod, ...] = (
    KnownMethod("Grad-CAM", lambda model, layer, _: GradCAM(model, layer), LOGIT, False, 2, _at(grad_cam)),
    KnownMethod(
        "Grad-CAM++", lambda model, layer, _: GradCAMPlusPlus(model, layer), LOGIT, False, 2, _at(grad_cam_plus_plus)
    ),
    KnownMethod("HiResCAM", lambda model, layer, _: HiResCAM(model, layer), LOGIT, True, 2, _at(hi_res_cam)),
    KnownMethod("LayerCAM", lambda model, layer, _: LayerCAM(model, layer), LOGIT, False, 2, _at(layer_cam)),
    KnownMethod("Score-CAM", lambda model, layer, _: ScoreCAM(model, layer), LOGIT_TIMES_ACTIVATION, False, 65),
    KnownMethod(
        "Saliency",
        lambda model, *_: Saliency(model),
        LOGIT_PER_PIXEL,
        False,
        2,
        _at_image(_saliency),
    ),
    KnownMethod(
        "Input x Gradient", lambda model, *_: InputXGradient(model), LOGIT, True, 2, _at_image(input_x_gradient)
    ),
    KnownMethod("SmoothGrad", lambda model, *_: SmoothGrad(model), LOGIT_PER_PIXEL, False, 50),
    KnownMethod("Integrated Gradients", lambda model, *_: IntegratedGradients(model), LOGIT, True, 64),
    KnownMethod("Guided Backpropagation", _guided, LOGIT_PER_PIXEL, True, 2),
    KnownMethod("Occlusion", _occlusion, LOGIT, True, 170),
    KnownMethod("RISE", lambda model, *_: RISE(model), LOGIT, False, 2000),
    KnownMethod("Layer-wise Relevance", lambda model, *_: LayerwiseRelevance(model), LOGIT, True, 2),
)


def method_called(name: str) -> KnownMethod | None:
    """The method of this name or slug, in any case; None where there is none.

    Example:
        >>> method_called("grad-cam++").name
        'Grad-CAM++'
    """
    plain = "-".join(name.lower().split())
    return next((known for known in METHODS if plain in (known.slug, "-".join(known.name.lower().split()))), None)


Makers = dict[str, Callable[[Any], Any]]  # {name: model -> the method}


def makers_of(methods: Sequence[KnownMethod], cam_layer: str | None, images: np.ndarray) -> Makers:
    """How each method is made for a model of these images float32[B,H,W,C]."""
    return {known.name: _maker(known, cam_layer, min(images.shape[1:3])) for known in methods}


def made_for(
    model: Any, makers: Makers, one: np.ndarray, required: Sequence[str] = ()
) -> tuple[dict[str, Any], dict[str, str]]:
    """The methods that explain an image of this model, and why the others do not: ({name: method}, {name: reason}).

    Args:
        model: A Keras model.
        makers: From `makers_of`.
        one: float32[1,H,W,C].
        required: Names of methods that have to explain it.

    Raises:
        ValueError: A required method, or every one, is refused.
    """
    made, refused = {}, {}
    for name, make in makers.items():
        try:
            method = make(model)
            method(one, np.zeros(1, np.int32))
        except ValueError as error:
            if name in required:
                raise
            refused[name] = str(error)
            continue
        made[name] = method
    if not made:
        name, reason = next(iter(refused.items()))
        raise ValueError(f"Expected a method that explains this model. All refuse it; {name}: {reason}")
    return made, refused


def made_once(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The method traced once: its graph reads the weights anew at every call, whatever has become of them."""
    made: list[tuple[Any, Any]] = []

    def again(model: Any) -> Any:
        if not made or made[0][0] is not model:
            made[:] = [(model, make(model))]
        return made[0][1]

    return again


def _maker(known: KnownMethod, cam_layer: str | None, side: int) -> Callable[[Any], Any]:
    return lambda model: known.make(model, cam_layer, side)
