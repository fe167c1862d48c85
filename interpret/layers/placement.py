"""Do a layer's places cover the picture, as every drawing of a map over it takes them to?

A map of n places is laid over a picture of N pixels as if place i had its middle at (i + 1/2) N / n. Where convolutions without
padding or a crop inside of the model come first, the places lie closer together: the receptive field tells where.
"""

from __future__ import annotations

from .receptive_field import Axis, PlacesField, ReceptiveField

_LARGEST_SHARE = 0.1  # of a side, that a place may be drawn beside where it lies


def largest_shift(axis: Axis, places: int, pixels: int) -> float:
    """How many pixels a place is drawn beside where it lies, at most: at one of the ends.

    Example:
        >>> largest_shift(Axis(size=9, stride=1, centre=4), places=8, pixels=16)    # four 3x3 convolutions, no padding
        3.5
    """
    step = pixels / places
    drawn = step / 2 - 0.5
    return max(abs(axis.centre - drawn), abs(axis.centre - drawn + (places - 1) * (axis.stride - step)))


def misplaced(
    name: str,
    field: ReceptiveField | PlacesField | None,
    places: tuple[int | None, ...],
    pixels: tuple[int | None, ...],
) -> str | None:
    """What a reader of the maps of a layer has to know where they are drawn elsewhere than they lie, a sentence; else None.

    Args:
        name: Of the layer.
        field: What one of its units sees.
        places: How many it has along each axis.
        pixels: Of the picture, likewise.
    """
    if field is None or field.whole or not len(field.axes) == len(places) == len(pixels):
        return None
    worst, said = 0.0, []
    for axis, n, size in zip(field.axes, places, pixels, strict=True):
        if n is None or size is None:
            return None
        shift = largest_shift(axis, n, size)
        if shift > axis.stride and shift > _LARGEST_SHARE * size:
            worst = max(worst, shift)
        first = axis.centre - (axis.stride - 1) / 2
        said.append(f"{first:g} to {first + n * axis.stride - 1:g} of 0 to {size - 1}")
    if not worst:
        return None
    return (
        f"The places of {name} lie at pixels {' and '.join(said)}, as convolutions without padding or a crop come before it: "
        f"laid over the whole picture its maps are drawn up to {worst:.3g} pixels beside where they lie. Maps at the input, such "
        f"as saliency, are drawn where they lie."
    )
