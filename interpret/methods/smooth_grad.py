"""SmoothGrad: the saliency map, averaged over noisy copies of the image.

Smilkov, Thorat, Kim, Viégas, Wattenberg, "SmoothGrad: removing noise by adding noise", 2017, arXiv:1706.03825. With y
the score, x the image and e_n normal noise of standard deviation sigma = noise * (max x - min x):

    G[i,j,c] = mean over n of dy / dx[i,j,c] at x + e_n          (section 3)
    map[i,j] = max over c of | G[i,j,c] |

The order is: mean of the signed gradients first, absolute value second, largest channel last. The noise is the same for
every image up to its scale sigma, which is each image's own.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...kinds import checks_kinds
from ..arguments import at_least
from ..progress import Progress
from ..tracing.traced_model import Taps, gradients
from ..tracing.variants import Asked
from .attribution import Perturbation


class SmoothGrad(Perturbation):
    """SmoothGrad: saliency without the speckle that one exact position on a kinked function brings.

    Args:
        model: A Keras model.
        samples: Noisy copies of each image, at least 1.
        noise: Standard deviation of the noise as a part of the image's own range (max - min); 0 gives `Saliency`.
        seed: Of the noise; the same seed gives the same map, whatever the batch size.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.

    Calling it gives float32[B,H,W] at the input's resolution, at least 0, in score units per unit of pixel value.

    Example:
        A model whose logit is 3 * mean(x) of a 2x2 image has slope 0.75 everywhere, with and without noise.
    """

    @checks_kinds
    def __init__(
        self,
        model: Any,
        samples: int = 25,
        noise: float = 0.15,
        seed: int = 0,
        *,
        output: str | None = None,
        wrt: str | None = None,
    ) -> None:
        if not 0 <= noise < float("inf"):
            raise ValueError(
                f"Expected noise of at least 0, a part of the image's range. Received {noise!r}. Give 0.15, for example."
            )
        self.samples, self.noise, self.seed = at_least("samples", samples, 1), noise, seed
        super().__init__(model, image_slopes, output=output, wrt=wrt)

    any_form = True

    def _maps(self, asked: Asked, batch_size: int, progress: Progress) -> np.ndarray:
        images = asked.images
        drawn = np.random.default_rng(self.seed).standard_normal((self.samples, *images.shape[1:]), dtype=np.float32)
        sizes = self.noise * np.ptp(images.reshape(len(images), -1), axis=1).reshape(-1, *[1] * images.ndim)

        def noisy(rows: slice, variants: slice) -> np.ndarray:
            return images[rows, np.newaxis] + sizes[rows] * drawn[variants]

        total = np.zeros(images.shape, dtype=np.float32)
        for block in asked.blocks(self.samples, noisy, batch_size, progress):
            total[block.rows] += block.results["slopes"].sum(axis=1)
        return asked.axes.over_channel(np.abs(total / self.samples), np.max)


def image_slopes(taps: Taps, scores: Any) -> dict[str, Any]:
    """d score / d image of each row, float32[n,H,W,C]."""
    (slope,) = gradients(scores, {"the image": taps.image})
    return {"slopes": slope}
