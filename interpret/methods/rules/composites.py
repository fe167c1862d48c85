"""Which rule has each layer: a composite by its name, and a rule for single layers by theirs.

The composites are those of Kohlbrenner et al. 2020 (arXiv:1910.09840) and of Anders, Neumann, Samek, Müller, Lapuschkin,
"Software for Dataset-wide XAI: From Local Explanations to Global Insights with Zennit, CoRelAy, and ViRelAy", 2021,
arXiv:2106.13200. The first layer is every convolution or dense layer that no other lies before.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...tracing.layer_hooks import TappedLayer
from ...tracing.traced_model import Taps
from ..relevance_rules import Linear, linear_relevance
from .alpha_beta import alpha_beta_relevance
from .first_layer import box_relevance, flat_relevance, w_square_relevance

if TYPE_CHECKING:
    import tensorflow as tf

COMPOSITES: dict[str, tuple[str, str, str | None]] = {  # the rule of dense layers, of convolutions, of the first layer
    "composite": ("epsilon", "z_plus", None),
    "epsilon": ("epsilon", "epsilon", None),
    "z_plus": ("z_plus", "z_plus", None),
    "gamma": ("gamma", "gamma", None),
    "alpha2_beta1": ("alpha2_beta1", "alpha2_beta1", None),
    "epsilon_alpha2_beta1": ("epsilon", "alpha2_beta1", None),
    "epsilon_plus_flat": ("epsilon", "z_plus", "flat"),
    "epsilon_gamma_box": ("epsilon", "gamma", "box"),
}
OF_A_LAYER = ("epsilon", "z_plus", "gamma", "alpha2_beta1", "box", "w_square", "flat")


@dataclass(frozen=True, eq=False)
class Rules:
    """How each linear step of one model shares out its relevance."""

    composite: str  # one of `COMPOSITES`
    epsilon: float  # above 0
    gamma: float  # at least 0
    limits: tuple[float | None, float | None]  # of a pixel, for the rule 'box'
    own: Mapping[str, str]  # {layer: rule}, in the place of the composite's

    def named_in(self, taps: Taps) -> set[str]:
        """The full paths of the layers that have a rule of their own.

        Raises:
            ValueError: There is no such layer.
        """
        return {taps.find(name).path for name in self.own}

    def share(
        self, taps: Taps, linear: Linear, relevance: tf.Tensor, is_first: bool, layer: Callable[[], TappedLayer | None]
    ) -> tuple[tf.Tensor, str | None]:
        """The relevance of a linear step's inputs; and the path of its layer, where that has a rule of its own."""
        dense, convolution, first = COMPOSITES[self.composite]
        name = dense if linear.operation.type == "MatMul" else convolution
        if is_first and first is not None:
            name = first
        path = None
        if self.own and (found := layer()) is not None:
            own = next((rule for asked, rule in self.own.items() if asked in (found.name, found.path)), None)
            name, path = (own, found.path) if own is not None else (name, None)
        return self._by(name, taps, linear, relevance, is_first), path

    def _by(self, name: str, taps: Taps, linear: Linear, relevance: tf.Tensor, is_first: bool) -> tf.Tensor:
        if name == "box":
            if not is_first:
                raise ValueError(
                    "Expected the rule 'box' at the first layer, whose inputs are pixels between two limits. Received it at a "
                    "later one. Use 'z_plus', 'gamma' or 'epsilon' there."
                )
            return box_relevance(linear, relevance, self.epsilon, taps.image, self.limits)
        if name in _BY_WEIGHTS:
            return _BY_WEIGHTS[name](linear, relevance, self.epsilon, taps.image)
        if name == "alpha2_beta1":
            return alpha_beta_relevance(linear, relevance, self.epsilon)
        plain, positive = {"epsilon": (1.0, 0.0), "z_plus": (0.0, 1.0), "gamma": (1.0, self.gamma)}[name]
        return linear_relevance(linear, relevance, plain, positive, self.epsilon)


_BY_WEIGHTS = {"w_square": w_square_relevance, "flat": flat_relevance}


def checked_rules(
    rule: str,
    epsilon: float,
    gamma: float,
    limits: tuple[float | None, float | None],
    own: Mapping[str, str] | None,
) -> Rules:
    """The rules that these settings ask for.

    Raises:
        ValueError: A rule is unknown, or a number is out of its range.
    """
    if rule not in COMPOSITES:
        raise ValueError(f"Expected a rule among {', '.join(COMPOSITES)}. Received {rule!r}. Use one of these names.")
    for layer, each in (own or {}).items():
        if each not in OF_A_LAYER:
            raise ValueError(
                f"Expected a rule for layer {layer!r} among {', '.join(OF_A_LAYER)}. Received {each!r}. Use one of these names."
            )
    if not 0 <= gamma < float("inf"):
        raise ValueError(f"Expected gamma of at least 0. Received {gamma!r}. Give a number such as 0.25.")
    if not 0 < epsilon < float("inf"):
        raise ValueError(f"Expected epsilon above 0. Received {epsilon!r}. Give a small number such as 1e-6.")
    low, high = limits
    if low is not None and high is not None and not low < high:
        raise ValueError(
            f"Expected low below high, the range of a pixel. Received {low!r} and {high!r}. Give 0.0 and 1.0, for example."
        )
    return Rules(rule, epsilon, gamma, limits, dict(own or {}))


def refuse_layers_without_a_share(taps: Taps, asked: set[str], used: set[str]) -> None:
    """Refuse a rule for a layer that shares nothing out by one: pooling, an activation."""
    for path in sorted(asked - used):
        raise ValueError(
            f"Expected rules for convolution and dense layers on the way to the logits. Layer {path!r} shares nothing out by a "
            f"rule of its own (pooling, activations and additions have one way only). Leave it out of rules=."
        )
