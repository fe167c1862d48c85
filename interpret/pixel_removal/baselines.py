"""What a removed pixel is replaced by: images that should tell the model nothing, each wrong in its own way.

A model was trained on none of them, so a score that falls may have fallen for the strangeness of the replacement and
not for the loss of the pixel (Hooker, Erhan, Kindermans, Kim, "A Benchmark for Interpretability Methods in Deep Neural
Networks", NeurIPS 2019, arXiv:1806.10758). What holds for several baselines is more likely to be about the pixel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..maps.resampling import blurred
from ..tracing.inputs import missing_from_model

_BLUR = 1 / 8  # sigma as a part of the longer side: 3.5 pixels of 28, where outlines of a garment are gone


def zero(images: np.ndarray) -> np.ndarray:
    """0 everywhere: black, where the pixels are 0..1; [B,H,W,C] to the same."""
    return np.zeros_like(images)


def mean(images: np.ndarray) -> np.ndarray:
    """Each image's own mean, per channel: nothing is left but its brightness; [B,H,W,C] to the same."""
    places = tuple(range(1, images.ndim - 1))
    return np.broadcast_to(images.mean(axis=places, keepdims=True), images.shape).astype(images.dtype)


def blur(images: np.ndarray) -> np.ndarray:
    """Each image, blurred by a Gaussian of an eighth of its longer side: masses stay, shapes go."""
    sigma = _BLUR * max(images.shape[1:-1])
    channels = [blurred(images[..., channel], sigma) for channel in range(images.shape[-1])]
    return np.stack(channels, axis=-1).astype(images.dtype)


BASELINES: dict[str, Callable[[np.ndarray], np.ndarray]] = {"zero": zero, "blur": blur, "mean": mean}


def blanks(images: np.ndarray, names: Sequence[str]) -> np.ndarray:
    """The replacements of each baseline, float32[N,B,H,W,C] for N names.

    Raises:
        ValueError: A name is unknown, or none is given.
    """
    unknown = [name for name in names if name not in BASELINES]
    if isinstance(names, str) or not len(names) or unknown:
        if unknown and not isinstance(names, str):
            raise ValueError(
                missing_from_model("baseline", unknown[0], list(BASELINES)).replace("The model has", "There is")
            )
        raise ValueError(
            f"Expected baselines as a list of names. Received {names!r}. "
            f"Give one or several of: {', '.join(BASELINES)}; for example ('zero', 'blur')."
        )
    return np.stack([BASELINES[name](images) for name in names])
