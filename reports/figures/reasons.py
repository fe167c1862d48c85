"""What lies behind the answer to one image: the smallest change that flips it, and the channels that lead.

Both are those of the page's card, for the class answered against the one that it is held against: `versus`, else the true
class where that is another, else the second likeliest. They are told of logits of classes that exclude each other.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...interpret.dissection.margin_parts import MarginPartsOf
from ...models.datasets.dataset import range_of_values
from ..drawing.reason_words import channel_words, flip_words
from ..evidence.screening.reasons import leading, searched_flips
from ..plots.explanation import ExplainedImage


def reasons_of(model: Any, pixels: np.ndarray, shown: ExplainedImage) -> tuple[str, ...]:
    """The sentences; none where the answer is no class of several, or the model tells no such thing.

    Args:
        model: A Keras model of one picture.
        pixels: float32[H,W,C], as the model takes it.
        shown: The image explained.
    """
    known = shown.probabilities
    if shown.unit != "logit" or len(known) < 2 or not np.isclose(known.sum(), 1, atol=1e-3):
        return ()
    said = int(np.argmax(known))
    other = _other(shown, said)
    flips = searched_flips(model, pixels[np.newaxis], sum(range_of_values(pixels)) / 2)
    sentences = (flip_words(flips, 0, shown.class_names), _channels(model, pixels, shown, said, other))
    return tuple(filter(None, sentences))


def _other(shown: ExplainedImage, said: int) -> int:
    """The class that the answer is held against."""
    asked = [each for each in (shown.versus, shown.true) if each is not None and each != said]
    return asked[0] if asked else int(np.argsort(-shown.probabilities, kind="stable")[1])


def _channels(model: Any, pixels: np.ndarray, shown: ExplainedImage, said: int, other: int) -> str:
    try:
        found = MarginPartsOf(model)(pixels[np.newaxis], said, other)
    except ValueError:  # no layer with channels, or an image without a gradient: refused, and nothing is told
        return ""
    channels, parts, share = leading(found.parts)
    names = shown.class_names
    return channel_words(found.layer, channels[0], parts[0], float(share[0]), names[said], names[other])
