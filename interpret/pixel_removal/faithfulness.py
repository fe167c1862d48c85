"""Does a map name the pixels that the model uses? Its order of the pixels, beside two orders that know nothing.

Deletion and insertion curves of every method (see `deletion_insertion`; Petsiuk et al. 2018, arXiv:1806.07421), beside

* a random order: what an order without any knowledge reaches,
* the order of the image's own brightness: what an order without any knowledge of the model reaches. On bright things
  before a dark ground this is a strong opponent, and a map that does not beat it shows the picture, not the model.

With gain = insertion area - deletion area, mean over baselines, a method beats a control on an image where its gain is
larger; a tie counts half. Shares and means come with a bootstrap interval over images.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import Record
from ..arguments import at_least
from ..given import takes_given
from ..intervals import Comparison, compare
from ..methods.attribution import Method
from ..progress import Progress, part_of
from ..stream.image_choice import sample_of
from ..tracing.inputs import Arrays
from ..tracing.targets import Classes
from ..tracing.variants import VariantScores
from .baselines import blanks
from .curves import Curves, deletion_insertion, joined
from .pixel_order import BRIGHTNESS, RANDOM, orders

_NUMBERS = 100_000_000  # ranks of pixels in memory at a time (400 MB): 12,000 images of 28x28 in ten orders


@dataclass(frozen=True, eq=False)
class Faithfulness(Record):
    """How well one method names the pixels that the model uses; N baselines, B images, S steps."""

    method: str
    numbers: np.ndarray  # int64[B], which images were measured
    total: int  # of how many
    classes: np.ndarray  # int32[B], the class explained
    score: str  # 'probability' or 'logit', the unit of the curves
    shares: np.ndarray  # float32[S+1], 0..1, the share of the pixels at each point of the curves
    baselines: tuple[str, ...]  # the first axis of the curves
    curves: Curves  # of the method
    random: Curves  # of the random order
    brightness: Curves  # of the brightness order
    against_random: Comparison
    against_brightness: Comparison


@takes_given
def faithfulness(
    model: Any,
    images: Arrays,
    methods: Mapping[str, np.ndarray | Method],
    classes: Classes = None,
    *,
    baselines: Sequence[str] = ("zero", "blur", "mean"),
    steps: int = 10,
    score: str = "probability",
    sample: int | None = 500,
    seed: int = 0,
    output: str | None = None,
    wrt: str | None = None,
    batch_size: int = 256,
    scores: VariantScores | None = None,
    progress: Progress = False,
) -> dict[str, Faithfulness]:
    """Measure several methods on the same images, beside the same controls.

    Args:
        model: A Keras model.
        images: float32[B,H,W,C] of the model's input shape and range; series [B,L,C] and volumes [B,D,H,W,C] likewise.
        methods: {name: method}, such as {'Grad-CAM': GradCAM(model)}, which then explains only the images drawn; or
            {name: maps [B,h,w]} of all the images. Maps of a layer's resolution are enlarged bilinearly.
        classes: The class explained: None for the predicted one, an int, or int[B].
        baselines: What removed pixels become: any of 'zero', 'blur', 'mean'.
        steps: Points of a curve beside its start, at least 2.
        score: 'probability' of the class (as in the paper) or its 'logit'.
        sample: Images drawn (with `seed`) where there are more; None for all.
        seed: Of the sample, the random order and the bootstrap.
        output: Which output to explain, where the model has several.
        wrt: Which input is the image, where the model has several that could be.
        batch_size: Rows at a time, images times variants; less where the images are large.
        scores: The model, made ready beforehand for several measures; `score`, `output` and `wrt` are then its own.
        progress: True for a bar, or a function called with (what, done, total), counted in batches.

    The model runs 1 + N + 2 * N * (S - 1) * (methods + 2) times per image for N baselines and S steps, and once more
    for the class.

    Raises:
        ValueError: Maps, images, classes or settings do not fit.
    """
    scores = scores or VariantScores(model, score, output=output, wrt=wrt, any_places=True)
    steps, drawn = at_least("steps", steps, 2), sample_of(images, sample, seed)
    classes_of, found = [], []
    parts = drawn.parts(_NUMBERS // (drawn.pixels * (len(methods) + 2)))
    for place, part in enumerate(parts):
        asked = scores.ask(part.images, part.classes(classes), batch_size=batch_size)
        ranks = orders(part.maps(methods, asked.classes), asked.images, part.numbers, seed)
        replacements, telling = blanks(asked.images, baselines), part_of(progress, place, len(parts))
        found.append(
            deletion_insertion(scores, asked, ranks, replacements, steps, batch_size=batch_size, progress=telling)
        )
        classes_of.append(asked.classes)
    curves, explained = joined(found), np.concatenate(classes_of)
    random, brightness = curves[RANDOM], curves[BRIGHTNESS]
    return {
        name: Faithfulness(
            method=name,
            numbers=drawn.numbers,
            total=drawn.total,
            classes=explained,
            score=scores.score,
            shares=np.linspace(0, 1, steps + 1, dtype=np.float32),
            baselines=tuple(baselines),
            curves=curves[name],
            random=random,
            brightness=brightness,
            against_random=compare(curves[name].gain, random.gain, seed=seed),
            against_brightness=compare(curves[name].gain, brightness.gain, seed=seed),
        )
        for name in methods
    }
