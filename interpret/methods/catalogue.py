"""The attribution methods by name: how each is made for a model, what its numbers mean, and what an image costs.

Whatever goes through several methods reads them from here: the measures of trust, `explain`, the report. A method is added
by one line in `METHODS`, one of the user's own by `METHODS.register`; nothing else knows a method by its name. A model may
refuse a method: `made_for` gives those that it takes, and why it refuses the others.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, overload

import numpy as np

from ... import Shown
from ..maps.state import LOGIT, LOGIT_PER_PIXEL
from ..tracing.batched_graph import Compute
from .attention.rollout import AttentionRollout, GradientRollout, gradient_rollout, rolled_out, rollout
from .attention.token_cam import TokenGradCAM
from .cams.ablation_cam import AblationCAM
from .cams.eigen_cam import EigenCAM, eigen_at
from .cams.finer_cam import FinerCAM, finer_at
from .cams.fused_cam import FusedCAM
from .cams.guided_grad_cam import GuidedGradCAM
from .cams.x_grad_cam import XGradCAM, x_grad_cam
from .cells.lime import LIME
from .cells.shap import SHAP
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
from .references.deep_lift import DeepLIFT
from .references.expected_gradients import ExpectedGradients
from .relevance import LayerwiseRelevance
from .rise import RISE
from .score_cam import ScoreCAM
from .smooth_grad import SmoothGrad

_PATCH = 1 / 7  # of the shorter side that a patch of occlusion covers: 4 of 28 pixels; a fixed one costs more and more
LOGIT_TIMES_ACTIVATION = "logit times activation"


@dataclass(frozen=True, eq=False)
class KnownMethod(Shown):
    """One attribution method with its default settings; occlusion's patch grows with the image.

    Example:
        >>> known = KnownMethod("My map", lambda model, layer, side: MyMap(model), "logit", True, 2)   # doctest: +SKIP
        >>> METHODS.register(known)                                                                    # doctest: +SKIP
    """

    name: str  # as its paper writes it
    make: Callable[[Any, str | None, int], Any]  # (model, layer of a CAM or None, shorter side in pixels) -> the method
    unit: str  # of its maps
    signed: bool  # whether below 0 means against the class
    passes: int  # through the model that one image takes, about; Score-CAM's depend on the layer's channels
    is_at_layer: bool = False  # whether its maps are of a layer, which can be chosen
    has_zero: bool = True  # whether 0 means no evidence; if not, only places are compared, as in expected scores
    remark: str = ""  # what to know of any of its maps, beside the limits
    compute: Callable[[str | None], Compute] | None = None  # of a layer or None: its map as part of a larger program
    is_usual: bool = True  # whether 'all', trust and the service take it; others are taken where they are named

    @property
    def slug(self) -> str:
        """The name in lower case with hyphens, such as 'grad-cam': for command lines."""
        return "-".join(self.name.lower().replace("+", "plus").split())

    @property
    def is_expensive(self) -> bool:
        """Whether an image takes more than one pass forward and backward."""
        return self.passes > 2


class Methods(Sequence[KnownMethod]):
    """The known methods, in order; a user's own may be registered."""

    def __init__(self, known: Iterable[KnownMethod]) -> None:
        self._known = list(known)

    @overload
    def __getitem__(self, place: int) -> KnownMethod: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[KnownMethod]: ...
    def __getitem__(self, place: int | slice) -> KnownMethod | Sequence[KnownMethod]:
        return self._known[place]

    def __len__(self) -> int:
        return len(self._known)

    @property
    def usual(self) -> tuple[KnownMethod, ...]:
        """Those that are taken where none is named; the others cost a reader more than they tell on most models."""
        return tuple(known for known in self._known if known.is_usual)

    def register(self, known: KnownMethod) -> None:
        """Add a method, for as long as Python runs: `explain`, trust and the report know it from then on.

        Raises:
            ValueError: Another method has its name.
        """
        if any(known.slug == other.slug for other in self._known):
            raise ValueError(
                f"Expected a name that no method has. Received {known.name!r}. Give the method another name."
            )
        self._known.append(known)

    @contextmanager
    def registered(self, known: KnownMethod) -> Iterator[KnownMethod]:
        """The same for the time of a block."""
        self.register(known)
        try:
            yield known
        finally:
            self._known.remove(known)


def _guided(model: Any, *_: object) -> GuidedBackpropagation:
    with warnings.catch_warnings():  # its caution belongs beside its picture, not on every call
        warnings.simplefilter("ignore", UserWarning)
        return GuidedBackpropagation(model)


def _guided_cam(model: Any, layer: str | None, _: object) -> GuidedGradCAM:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return GuidedGradCAM(model, layer)


def _occlusion(model: Any, _: object, side: int) -> Occlusion:
    patch = min(side, max(4, round(_PATCH * side)))  # a thin volume has fewer than 4
    return Occlusion(model, patch=patch, stride=max(1, patch // 2))


def _cam(
    name: str, make: Callable[[Any, str | None], Any], formula: Any, signed: bool = False, is_usual: bool = True
) -> KnownMethod:
    """A class activation map of one gradient."""
    return KnownMethod(
        name,
        lambda model, layer, _: make(model, layer),
        LOGIT,
        signed,
        2,
        is_at_layer=True,
        compute=lambda layer: at_layer(layer, formula),
        is_usual=is_usual,
    )


def _relevance(name: str, rule: str) -> KnownMethod:
    """Relevance by another composite."""
    return KnownMethod(name, lambda model, *_: LayerwiseRelevance(model, rule), LOGIT, True, 2, is_usual=False)


METHODS = Methods(
    [
        _cam("Grad-CAM", GradCAM, grad_cam),
        _cam("Grad-CAM++", GradCAMPlusPlus, grad_cam_plus_plus),
        _cam("HiResCAM", HiResCAM, hi_res_cam, signed=True),
        _cam("LayerCAM", LayerCAM, layer_cam),
        KnownMethod(
            "Score-CAM", lambda model, layer, _: ScoreCAM(model, layer), LOGIT_TIMES_ACTIVATION, False, 65, True
        ),
        KnownMethod(
            "Saliency",
            lambda model, *_: Saliency(model),
            LOGIT_PER_PIXEL,
            False,
            2,
            compute=lambda _: at_image(lambda _, slope, axes: saliency(slope, axes)),
        ),
        KnownMethod(
            "Input x Gradient",
            lambda model, *_: InputXGradient(model),
            LOGIT,
            True,
            2,
            compute=lambda _: at_image(input_x_gradient),
        ),
        KnownMethod("SmoothGrad", lambda model, *_: SmoothGrad(model), LOGIT_PER_PIXEL, False, 50),
        KnownMethod("Integrated Gradients", lambda model, *_: IntegratedGradients(model), LOGIT, True, 64),
        KnownMethod(
            "Guided Backpropagation", _guided, LOGIT_PER_PIXEL, True, 2, remark="an edge picture, not evidence"
        ),
        KnownMethod("Occlusion", _occlusion, LOGIT, True, 170),
        KnownMethod(
            "RISE",
            lambda model, *_: RISE(model),
            LOGIT,
            False,
            2000,
            has_zero=False,
            remark="expected scores: compare places",
        ),
        KnownMethod("Layer-wise Relevance", lambda model, *_: LayerwiseRelevance(model), LOGIT, True, 2),
        KnownMethod("DeepLIFT", lambda model, *_: DeepLIFT(model), LOGIT, True, 4, is_usual=False),
        KnownMethod("Expected Gradients", lambda model, *_: ExpectedGradients(model), LOGIT, True, 100, is_usual=False),
        KnownMethod("SHAP", lambda model, *_: SHAP(model), LOGIT, True, 500, is_usual=False),
        KnownMethod("LIME", lambda model, *_: LIME(model), LOGIT, True, 500, is_usual=False),
        _relevance("LRP Epsilon-Plus-Flat", "epsilon_plus_flat"),
        _relevance("LRP Epsilon-Gamma-Box", "epsilon_gamma_box"),
        _relevance("LRP Alpha2-Beta1", "epsilon_alpha2_beta1"),
        _cam("XGrad-CAM", XGradCAM, x_grad_cam, is_usual=False),
        KnownMethod(
            "Ablation-CAM",
            lambda model, layer, _: AblationCAM(model, layer),
            LOGIT_TIMES_ACTIVATION,
            False,
            65,
            is_at_layer=True,
            is_usual=False,
        ),
        KnownMethod(
            "Eigen-CAM",
            lambda model, layer, _: EigenCAM(model, layer),
            "activation",
            False,
            1,
            is_at_layer=True,
            remark="what the layer holds: the same for every class",
            compute=eigen_at,
            is_usual=False,
        ),
        KnownMethod(
            "Finer-CAM",
            lambda model, layer, _: FinerCAM(model, layer),
            LOGIT,
            False,
            2,
            is_at_layer=True,
            remark="the class less those most like it",
            compute=finer_at,
            is_usual=False,
        ),
        KnownMethod(
            "Guided Grad-CAM",
            _guided_cam,
            "logit² per pixel",
            True,
            4,
            is_at_layer=True,
            remark="edges where Grad-CAM is above 0",
            is_usual=False,
        ),
        KnownMethod(
            "Fused CAM",
            lambda model, *_: FusedCAM(model),
            "share of each layer’s largest",
            False,
            2,
            is_usual=False,
        ),
        KnownMethod(
            "Attention Rollout",
            lambda model, *_: AttentionRollout(model),
            "share of the attention",
            False,
            2,
            remark="where attention comes from: the same for every class",
            compute=lambda _: rolled_out(rollout),
            is_usual=False,
        ),
        KnownMethod(
            "Gradient-weighted Rollout",
            lambda model, *_: GradientRollout(model),
            LOGIT,
            False,
            2,
            remark="attention that speaks for the class",
            compute=lambda _: rolled_out(gradient_rollout),
            is_usual=False,
        ),
        KnownMethod("Token Grad-CAM", lambda model, *_: TokenGradCAM(model), LOGIT, False, 2, is_usual=False),
    ]
)


def method_called(name: str) -> KnownMethod | None:
    """The method of this name or slug, in any case; None where there is none.

    Example:
        >>> method_called("grad-cam++").name
        'Grad-CAM++'
    """
    plain = "-".join(name.lower().split())
    return next((known for known in METHODS if plain in (known.slug, "-".join(known.name.lower().split()))), None)


def methods_of(named: Iterable[KnownMethod | str]) -> list[KnownMethod]:
    """Methods given by their records or by their names.

    Raises:
        ValueError: A name is unknown.
    """
    found = []
    for each in named:
        known = each if isinstance(each, KnownMethod) else method_called(str(each))
        if known is None:
            slugs = ", ".join(every.slug for every in METHODS)
            raise ValueError(
                f"Expected methods out of {slugs}. Received {each!r}. Give names of these, or a KnownMethod."
            )
        found.append(known)
    return found


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
    if not made and not refused:
        raise ValueError("Expected methods to measure. Received none. Name some, as in ['grad-cam', 'saliency'].")
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
