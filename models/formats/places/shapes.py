"""Does a mask show the whole of its picture? It does not where one is wider than the other."""

from __future__ import annotations

import numpy as np

Size = tuple[int, int]  # (H, W)


def shows_the_whole(mask: Size, picture: Size) -> bool:
    """Whether a mask may be its picture at another scale: both sides by one factor, each rounded to a whole pixel.

    Example:
        >>> shows_the_whole((33, 50), (100, 150)), shows_the_whole((50, 50), (100, 150))
        (True, False)
    """
    return abs(mask[0] * picture[1] - mask[1] * picture[0]) < picture[0] + picture[1]


def refuse_other_shape(
    mask: Size, number: int, called: str, *, size: Size, pictures: np.ndarray | None, fit: str
) -> None:
    """Refuse a mask that would be stretched otherwise than its picture was.

    Args:
        mask: As it is stored.
        number: Of the picture that it is of.
        called: What the mask is called.
        size: That both are brought to; a mask of this size is taken as it is.
        pictures: int64[B,2], (H, W) of each picture as stored; None: of that size.
        fit: How the pictures were brought to it; only 'stretch' can be followed.

    Raises:
        ValueError: It is wider or higher than its picture, or that was cut or padded.
    """
    if mask == size:
        return
    if fit != "stretch":
        raise ValueError(
            f"Expected masks of {size[0]} x {size[1]}, cut as the images are (--fit {fit}). Received {mask[0]} x {mask[1]} in "
            f"{called}. Images were cut or padded: save masks cut likewise, or use --fit stretch."
        )
    height, width = size if pictures is None else map(int, pictures[number])
    if not shows_the_whole(mask, (height, width)):
        raise ValueError(
            f"Expected a mask of the shape of its picture, {height} x {width}, at any scale. Received {mask[0]} x {mask[1]} in "
            f"{called}, which would be stretched otherwise than the picture. Save it over the whole of the picture, or at "
            f"{size[0]} x {size[1]}, as the model has it."
        )
