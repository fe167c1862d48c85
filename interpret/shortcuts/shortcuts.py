"""Which shortcuts a model relies on: content that repeats at a fixed place, proven by pasting it in and out.

First look, without the model, at small pictures that one pass over the images gives: which images share pixels, a frame, a
background or a level? Second look, with it: for each candidate, images of the classes that carry it, and of the others where
that leaves it open, are answered with the content and without it (`trials`, `transplants`). Where no images share anything
the model is not run at all.

It does not see what is blended into the object or moves without repeating exactly, what is on less than 1.5 % of the
images, nor a continuous cue:
"no repeated content at a fixed place was found" never means that there is no shortcut. `docs/shortcuts.md` has the
shares found and the false alarms, by kind of content and data set.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arguments import at_least
from ..given import given_images, takes_given
from ..progress import Progress
from ..tracing.inputs import Arrays
from ..tracing.targets import label_array
from ..tracing.traced_model import TracedModel
from ..tracing.variants import scores_of
from .compared import Compared
from .pool import Pool
from .records import Shortcuts
from .search import Search
from .transplants import FEWEST

EACH = 200  # images of a class: looked at, and answered twice, at most
BUDGET = 15_000
_VALUES = 100_000_000  # pixels times channels of all passes, where no budget is given
_ANY = 2**31 - 1  # classes: the labels alone tell how many there are


@takes_given
def find_shortcuts(
    model: Any,
    images: Arrays,
    labels: Any = None,
    *,
    training: Any = None,
    each: int = EACH,
    budget: int | None = None,
    compared: Compared | None = None,
    seed: int = 0,
    output: str | None = None,
    wrt: str | None = None,
    batch_size: int = 256,
    progress: Progress = False,
) -> Shortcuts:
    """Find content that repeats at a fixed place, and prove which of it the model relies on.

    Args:
        model: A Keras classifier of pictures.
        images: float32[B,H,W,C] of the model's input shape and range.
        labels: int64[B], the true classes; None: those that come with the images.
        training: The images that the model was trained on, in the same form, with their labels (a `Dataset`, a pair, a
            folder): the only way to see a mark that the images asked about do not have.
        each: Images of a class that are compared with each other, and answered twice, at most.
        budget: Forward passes, at most; None: 15,000 of small pictures, about 660 of 224 x 224.
        compared: Their small pictures, where a pass over them has given these (see `compared`); None: a pass of its own
            reads those of the images that are compared.
        seed: Of all draws.
        output: Which output to follow, where the model has several.
        wrt: Which input is the image, where the model has several that could be.
        batch_size: Rows at a time.
        progress: True for a bar, or a function called with (what, done, total).

    Raises:
        ValueError: Images or labels do not fit.

    Example:
        On pictures of which one class bears a white corner, and a model that answers by the corner alone, the first
        record has kind 'mark', reliance 'relied on', and the corner's rows and columns.
    """
    given = np.asarray(images) if not hasattr(images, "shape") else images
    if len(given.shape) != 4:  # type: ignore[union-attr]
        raise ValueError(
            f"Expected pictures [B,H,W,C]. Received {list(given.shape)}. Shortcuts are looked for in pictures only."  # type: ignore[union-attr]
        )
    truth = label_array(labels, len(given), _ANY)
    pool = _pool(model, given, truth, training)
    limit = budget_of(pool.shape) if budget is None else at_least("budget", budget, 1)
    return Search(pool, at_least("each", each, FEWEST), limit, seed).found(
        lambda: scores_of(TracedModel(model, output=output, wrt=wrt)), batch_size, progress, compared
    )


def budget_of(shape: tuple[int, ...]) -> int:
    """The passes of pictures of a shape [B,H,W,C], where nobody says how many.

    Example:
        >>> budget_of((1, 28, 28, 1)), budget_of((1, 224, 224, 3))
        (15000, 664)
    """
    return min(BUDGET, max(1, _VALUES // max(1, int(np.prod(shape[1:])))))


def _pool(model: Any, images: Any, labels: np.ndarray, training: Any) -> Pool:
    if training is None:
        return Pool(images, None, labels)
    pair = isinstance(training, (tuple, list)) and len(training) == 2
    given = given_images(training[0] if pair else training, model)
    known = training[1] if pair else given.labels
    if known is None:
        raise ValueError("Expected training images with their classes. Received images alone. Give (images, labels).")
    if tuple(given.images.shape[1:]) != tuple(images.shape[1:]):
        raise ValueError(
            f"Expected training images of the same size, {list(images.shape[1:])}. Received "
            f"{list(given.images.shape[1:])}. Bring them to the size that the model takes."
        )
    return Pool(images, given.images, np.concatenate([labels, label_array(known, len(given.images), _ANY)]))
