"""The smallest grey square that changes an answer: every place of every size, the smallest size first.

Sizes are gone through one by one, since a larger square that covers one that flips need not flip (it is so in 94.5 % of
cases only), so a search by halves may miss the smallest. An image leaves the search with the first size at which any place
flips it; of its places the one with the largest lead of the new class is taken. Each answer comes from running the model on
the changed picture, so what is reported is what happens.

The cost is (H - s + 1) (W - s + 1) passes forward for each size s and image still searched. A budget of passes stops before
a size that it does not pay for, and the record says up to which size all were searched. Where all places of all sizes cost
more than one can pay, a coarser grid of places (`stride_within`) finds more than a few small sizes do: an answer that one is
sure of rarely hangs on 3 x 3 pixels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arguments import at_least
from ..progress import Progress, shown
from ..tracing.inputs import Arrays
from ..tracing.variants import Asked, VariantScores

_FEWEST_STEPS = 3  # of the coarsest grid, along the shorter side: coarser ones pass most of the picture by


@dataclass(frozen=True, eq=False)
class SmallestFlips:
    """The smallest square that changes the answer to each image."""

    side: np.ndarray  # int64[B], pixels; 0 where none was found
    row: np.ndarray  # int64[B], of its upper left pixel; -1 where none was found
    column: np.ndarray  # int64[B]
    before: np.ndarray  # int64[B], the class answered
    after: np.ndarray  # int64[B], the class answered with the square; -1 where none was found
    searched: int  # pixels, up to this side every place of every image without a flip was tried
    grey: float  # pixel value of the square
    stride: int  # pixels from one place to the next that was tried
    passes: int  # forward passes run


def smallest_flips(
    model: Any,
    images: Arrays,
    *,
    grey: float = 0.5,
    largest: int | None = None,
    stride: int = 1,
    budget: int = 200_000,
    output: str | None = None,
    wrt: str | None = None,
    batch_size: int = 256,
    progress: Progress = False,
) -> SmallestFlips:
    """Search the smallest flipping square of each image.

    Args:
        model: A Keras model of pictures.
        images: float32[B,H,W,C] of the model's input shape and range.
        grey: What the pixels of the square become, in that range.
        largest: The largest side to try; None: half of the shorter side of the picture.
        stride: Pixels between the places tried; 1 tries all. The smallest side is then the smallest on that grid.
        budget: Forward passes, at most, over all images.
        output: Which output to look at, where the model has several.
        wrt: Which input is the image, where the model has several that could be.
        batch_size: Rows at a time.
        progress: True for a bar, or a function called with (done, total) sides.
    """
    stride, scores = at_least("stride", stride, 1), VariantScores(model, "logit", output=output, wrt=wrt)
    asked = scores.ask(images, batch_size=batch_size)
    height, width = asked.images.shape[1:3]
    limit = largest or max(1, min(height, width) // 2)
    search = _Search(asked.images, grey, asked.classes)
    for side in shown(iter(range(1, limit + 1)), limit, progress):
        places = _places(height, width, side, stride)
        open_ = np.flatnonzero(search.side == 0)
        if not len(open_) or not len(places) or search.passes + len(places) * len(open_) > budget:
            break
        search.try_side(asked.only(open_), open_, places, side, batch_size)
    return search.result(stride)


def stride_within(budget: int, images: int, height: int, width: int) -> int | None:
    """The finest grid on which a budget pays for every side up to half of the shorter one; None where none does.

    Args:
        budget: Forward passes, over all images; none is taken to leave the search early.
        images: How many are searched.
        height: Of the pictures, pixels.
        width: Likewise.

    Example:
        >>> stride_within(81 + 64 + 49 + 36, 1, 9, 9), stride_within(81, 1, 9, 9), stride_within(7, 1, 9, 9)
        (1, 3, None)
    """
    shorter = min(height, width)
    sides = np.arange(1, max(1, shorter // 2) + 1)
    for stride in range(1, max(2, shorter // _FEWEST_STEPS + 1)):
        rows, columns = (-(-(size - sides) // stride) + 1 for size in (height, width))
        if images * int((rows * columns).sum()) <= budget:
            return stride
    return None


def _places(height: int, width: int, side: int, stride: int) -> np.ndarray:
    """int64[P,2]: upper left pixels of the squares, the last row and column of places included."""
    rows, columns = (sorted({*range(0, size - side + 1, stride), size - side}) for size in (height, width))
    return np.array([(row, column) for row in rows for column in columns if row >= 0 and column >= 0], np.int64)


class _Search:
    """What is found so far."""

    def __init__(self, images: np.ndarray, grey: float, before: np.ndarray) -> None:
        self._images, self._grey, self._before = images, grey, before.astype(np.int64)
        self.side = np.zeros(len(images), np.int64)
        self._row, self._column, self._after = (np.full(len(images), -1, np.int64) for _ in range(3))
        self.passes, self._searched = 0, 0

    def try_side(self, asked: Asked, rows: np.ndarray, places: np.ndarray, side: int, batch_size: int) -> None:
        """Try all places of one side on the images that are still searched."""
        lead = np.full(len(rows), -np.inf)
        vary = _grey_squares(asked.images, places, side, self._grey)
        for block in asked.blocks(len(places), vary, batch_size):
            logits = block.results["logits"]
            own = asked.classes[block.rows][:, np.newaxis, np.newaxis]
            led = logits.max(axis=2) - np.take_along_axis(logits, own, axis=2)[..., 0]
            led = np.where(logits.argmax(axis=2) != own[..., 0], led, -np.inf)
            best = led.argmax(axis=1)
            for place, number in enumerate(range(block.rows.start, block.rows.stop)):
                if led[place, best[place]] > lead[number]:
                    lead[number] = led[place, best[place]]
                    self._note(rows[number], places[block.variants][best[place]], side, logits[place, best[place]])
        self.passes += len(places) * len(rows)
        self._searched = side

    def _note(self, number: int, place: np.ndarray, side: int, logits: np.ndarray) -> None:
        self.side[number], self._after[number] = side, int(logits.argmax())
        self._row[number], self._column[number] = place

    def result(self, stride: int) -> SmallestFlips:
        return SmallestFlips(
            side=self.side,
            row=self._row,
            column=self._column,
            before=self._before,
            after=self._after,
            searched=self._searched,
            grey=self._grey,
            stride=stride,
            passes=self.passes,
        )


def with_square(
    images: np.ndarray, rows: np.ndarray, columns: np.ndarray, sides: np.ndarray, grey: float
) -> np.ndarray:
    """The pictures [B,H,W,C] with their squares drawn in; those of side 0 unchanged."""
    changed = images.copy()
    for picture, row, column, side in zip(changed, rows, columns, sides, strict=True):
        if side:
            picture[row : row + side, column : column + side] = grey
    return changed


def _grey_squares(images: np.ndarray, places: np.ndarray, side: int, grey: float) -> Any:
    def varied(rows: slice, variants: slice) -> np.ndarray:
        chosen = places[variants]
        changed = np.repeat(images[rows][:, np.newaxis], len(chosen), axis=1)
        for place, (row, column) in enumerate(chosen):
            changed[:, place, row : row + side, column : column + side] = grey
        return changed

    return varied
