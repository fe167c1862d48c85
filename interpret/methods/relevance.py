"""Layer-wise relevance propagation: the score, handed back from layer to layer until each pixel has its share.

Bach, Binder, Montavon, Klauschen, Müller, Samek, "On Pixel-Wise Explanations for Non-Linear Classifier Decisions by
Layer-Wise Relevance Propagation", PLOS ONE 2015, doi:10.1371/journal.pone.0130140; the rules as in Montavon, Binder,
Lapuschkin, Samek, Müller, "Layer-Wise Relevance Propagation: An Overview", 2019, doi:10.1007/978-3-030-28954-6_10. With x
the inputs of a layer, w its weights, b its bias, v+ = max(v, 0) and v- = min(v, 0), a rule says what input i gives to
output j:

    epsilon    c[i,j] = x[i] w[i,j]                                      and the bias gives b[j]
    z_plus     c[i,j] = x[i]+ w[i,j]+  +  x[i]- w[i,j]-                  and the bias gives b[j]+
               or, where x w + b < 0, x[i]+ w[i,j]-  +  x[i]- w[i,j]+    and the bias gives b[j]-
    gamma      the first plus gamma times the second

    z[j] = sum over i of c[i,j] + the bias's part        R[i] = sum over j of c[i,j] / (z[j] + epsilon sign z[j]) * R[j]

The second line of z_plus is the generalised form (Andéol, Kawakami, Wada, Kanamori, Müller, Montavon, "Learning Domain
Invariant Representations by Joint Wasserstein Distance Minimization", 2021, arXiv:2106.04923): an output below 0 is shared
out among what made it so. Without it a negative score is divided by a positive z, and the map is reversed.

`composite` takes epsilon for dense layers and z_plus for convolutions (Kohlbrenner et al. 2020, arXiv:1910.09840). Rules for the
pixels, alpha-beta, and the composites that use them stand in `rules`.

* ReLU, dropout, and scale or shift of single values: an output has one input, which gets all of its relevance.
* Batch normalisation is merged into the convolution or dense layer before it: w * scale, b * scale + shift.
* Max pooling: all to the largest. Average pooling and addition: in proportion to what each gave. Padding gets nothing.

The sum over a layer's relevance is kept but for what biases and epsilon absorb: that is `gap`, and 0 where there are
none. Pooling and addition absorb nothing, whatever epsilon is. Departure: x may be negative in z_plus and gamma (the
overview assumes ReLU outputs); for x >= 0 they are the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from ...kinds import checks_kinds
from ..progress import Progress
from ..tracing.inputs import Arrays
from ..tracing.targets import Classes
from ..tracing.traced_model import Taps, gradients
from .attribution import CompleteAttribution, SumOverChannels
from .relevance_walk import relevance_of
from .rules.composites import checked_rules


class LayerwiseRelevance(SumOverChannels, CompleteAttribution):
    """Layer-wise relevance propagation, signed, summed over channels; `with_gap` tells what biases and epsilon absorbed.

    Args:
        model: A Keras model of convolution, dense, pooling, padding, flatten, dropout, batch normalisation, ReLU and add.
        rule: 'composite', 'epsilon', 'z_plus', 'gamma', 'alpha2_beta1', 'epsilon_alpha2_beta1', 'epsilon_plus_flat' or
            'epsilon_gamma_box'.
        epsilon: What keeps the division from 0, above 0; larger absorbs weak and contradictory evidence, in dense layers and
            convolutions.
        gamma: How much more positive contributions count, at least 0; used by 'gamma' and 'epsilon_gamma_box'.
        rules: {layer: rule} for single layers, in the place of the composite's: 'epsilon', 'z_plus', 'gamma', 'alpha2_beta1',
            'flat', 'w_square' or, at the first layer, 'box'.
        low: Lowest value of a pixel, for 'box'; None: that of each image.
        high: Highest value of a pixel, for 'box'; None: that of each image.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Calling it gives float32[B,H,W] at the input's resolution, in units of the score; positive speaks for the class, whatever the
    score's sign.

    Raises:
        ValueError: The rule is unknown, or a layer is of a kind that has none (it is named).

    Example:
        A model whose logit is x0 - 2 * x1, at (3, 1): by 'epsilon' the map is (3, -2), and sums to the logit. By 'z_plus'
        x0 alone gave something positive: (1, 0).
    """

    @checks_kinds
    def __init__(
        self,
        model: Any,
        rule: str = "composite",
        epsilon: float = 1e-6,
        gamma: float = 0.25,
        *,
        rules: Mapping[str, str] | None = None,
        low: float | None = None,
        high: float | None = None,
        output: str | None = None,
        wrt: str | None = None,
    ) -> None:
        self.rule, self._low, self._high = rule, low, high
        chosen = checked_rules(rule, epsilon, gamma, (low, high), rules)

        def shared(taps: Taps, scores: Any) -> Any:
            _refuse_channels_first(taps)
            (asked,) = gradients(scores, {"the logits": taps.logits})  # 1 at the class, -1 at the one compared with
            return relevance_of(taps, asked * taps.logits, chosen)

        def compute(taps: Taps, scores: Any) -> dict[str, Any]:
            import tensorflow as tf

            relevance = shared(taps, scores)
            found = {"map": taps.axes.over_channel(relevance, tf.reduce_sum), "expected": scores}
            return found if (low, high) == (None, None) else {**found, "range": _range(taps.image)}

        super().__init__(
            model, compute, lambda taps, scores: taps.axes.channel_last(shared(taps, scores)), output=output, wrt=wrt
        )

    def _results(
        self, images: Arrays, classes: Classes, versus: Classes, batch_size: int, progress: Progress
    ) -> dict[str, np.ndarray]:
        results = super()._results(images, classes, versus, batch_size, progress)
        if "range" in results:
            self._refuse_pixels_outside(results["range"])
        return results

    def _refuse_pixels_outside(self, ranges: np.ndarray) -> None:
        """Outside of its box a pixel's share has the wrong sign."""
        low, high = float(ranges[:, 0].min()), float(ranges[:, 1].max())
        if (self._low is not None and low < self._low) or (self._high is not None and high > self._high):
            raise ValueError(
                f"Expected pixels from {self._low} to {self._high}, as low and high say. Received some from {low:g} to "
                f"{high:g}. Give the range of the images that the model takes."
            )


def _refuse_channels_first(taps: Taps) -> None:
    """The rules share out over kernels and windows of [B,H,W,C]."""
    for layer in taps.layers:
        if layer.axes is not None and layer.axes.rank > 2 and layer.axes.channel != layer.axes.rank - 1:
            raise ValueError(
                f"Expected layers with data_format='channels_last' for relevance. Layer {layer.name!r} puts out "
                f"{layer.axes.words}, by data_format='channels_first'. Use InputXGradient or IntegratedGradients, which "
                f"take either."
            )


def _range(image: Any) -> Any:
    """float32[B,2]: lowest and highest pixel of each image; inside of a graph."""
    import tensorflow as tf

    values = tf.cast(image, tf.float32)
    axes = list(range(1, values.shape.rank))
    return tf.stack([tf.reduce_min(values, axis=axes), tf.reduce_max(values, axis=axes)], axis=1)
