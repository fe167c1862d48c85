"""Maps over their pictures: `upsample`, `overlay`, `plot_map`, `plot_maps`, `plot_layer`.

The numbers stay what they are: limits are arguments, and stand beside every picture with the unit. Colours: inferno for evidence,
viridis for gradients, blue and red around white at zero for signed maps; readers who are colour-blind tell them apart too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from ...interpret.given import Layer, given_images, layer_name
from ...interpret.stream.activations import ActivationExtractor
from ...kinds import checks_kinds
from ..drawing import colors
from ..drawing.colors import ColorScale, Limits, limits_of
from ..drawing.enlarging import enlarge
from ..drawing.pictures import pictures
from .canvas import bare, canvas, grid, scale_beside, show_values

_MOST = 10_000  # pixels a side that a picture is drawn at
_CELL = 2.6, 2.3  # inches of one map among several
_CHANNELS = 10  # of a layer, unless they are named


@checks_kinds
def upsample(maps: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Maps at another size, bilinear between the centres of their cells; their values keep their unit.

    Args:
        maps: float[B,h,w], or one map [h,w].
        size: (height, width).

    Returns:
        float32[B,H,W] or [H,W]; no value lies outside those of its own map.

    Raises:
        ValueError: The maps have another form, or the size is below one pixel.

    Example:
        >>> upsample(np.array([[0.0, 1.0]]), (1, 4)).tolist()
        [[0.0, 0.25, 0.75, 1.0]]
    """
    given = np.asarray(maps)
    return enlarge(given, size) if given.ndim == 3 else enlarge(given[np.newaxis], size)[0]


@checks_kinds
def overlay(
    image: Any,
    map: np.ndarray,
    *,
    scale: ColorScale | None = None,
    limits: Limits | None = None,
    value_range: tuple[float, float] | None = None,
    opacity: float = 0.85,
) -> np.ndarray:
    """A map laid over its picture: the stronger the evidence, the more opaque; zero leaves the picture as it is.

    Args:
        image: float[H,W,C], or a `Dataset` of one image.
        map: float[h,w], of any size.
        scale: 'evidence', 'saliency', 'signed' or 'grey'; None: signed where a value is below 0.
        limits: (low, high) in the map's unit; None: its own, with zero among them.
        value_range: (black, white) of the picture; None: that of a `Dataset`, else 0 to 1.
        opacity: Of the strongest evidence, 0 to 1.

    Returns:
        uint8[H,W,3].

    Raises:
        ValueError: The picture or the map has another form, or the map holds NaN.

    Example:
        >>> overlay(np.ones((4, 4, 1)), np.zeros((2, 2))).tolist() == [[[255, 255, 255]] * 4] * 4
        True
    """
    values, drawn_in, between = _as_drawn(map, scale, limits)
    image, its_range = one_picture(image)
    picture = pictures(image[np.newaxis], value_range or its_range, _MOST)
    large = upsample(values, image.shape[:2])
    return colors.overlay(picture, large[np.newaxis], drawn_in, between, opacity=opacity)[0]


@checks_kinds
def plot_map(
    map: np.ndarray,
    image: Any = None,
    ax: Axes | None = None,
    *,
    scale: ColorScale | None = None,
    limits: Limits | None = None,
    value_range: tuple[float, float] | None = None,
    title: str = "",
    unit: str = "score",
) -> Axes:
    """Draw one map, over its picture where one is given, with its colour bar.

    Args:
        map: float[h,w], in its own unit.
        image: float[H,W,C], or a `Dataset` of one image; None draws the map alone, a cell for each value.
        ax: The axis to draw into; None: of a new figure.
        scale: 'evidence', 'saliency', 'signed' or 'grey'; None: signed where a value is below 0.
        limits: (low, high) of the colours; None: the map's own, with zero among them.
        value_range: (black, white) of the picture; None: that of a `Dataset`, else 0 to 1.
        title: Above it.
        unit: Beside the colour bar.

    Returns:
        The axis.

    Raises:
        ValueError: The map or the picture has another form, or the map holds NaN.

    Example:
        >>> plot_map(np.eye(3), limits=(0, 2)).get_images()[0].get_clim()
        (0.0, 2.0)
    """
    values, drawn_in, between = _as_drawn(map, scale, limits)
    laid = None if image is None else overlay(image, values, scale=drawn_in, limits=between, value_range=value_range)
    ax = canvas(ax)
    if laid is not None:
        ax.imshow(laid, interpolation="nearest")
    elif between[0] == between[1]:
        ax.imshow(colors.colorize(values, drawn_in, between), interpolation="nearest")
    else:
        show_values(ax, values, drawn_in, between)
    scale_beside(ax, drawn_in, between, unit)
    return bare(ax, title)


@checks_kinds
def plot_maps(
    maps: np.ndarray | Sequence[np.ndarray] | Mapping[str, np.ndarray],
    images: Any = None,
    axes: Sequence[Axes] | None = None,
    *,
    scale: ColorScale | None = None,
    limits: Limits | None = None,
    value_range: tuple[float, float] | None = None,
    titles: Sequence[str] = (),
    unit: str = "score",
) -> list[Axes]:
    """Draw several maps side by side: those of one method between the same limits, so that they can be compared.

    Args:
        maps: float[B,h,w], or {name: float[h,w]} of several methods or layers, whose units differ.
        images: A picture for each map, or one for all: [B,H,W,C], [H,W,C] or a `Dataset`; None: the maps alone.
        axes: B axes; None: of a new figure.
        scale: As for `plot_map`.
        limits: (low, high) for all; None: those of all maps together, of a dict each one's own.
        value_range: (black, white) of the pictures; None: that of a `Dataset`, else 0 to 1.
        titles: B words; None of a dict: its names.
        unit: Beside the colour bars.

    Returns:
        The axes.

    Raises:
        ValueError: The numbers of maps, pictures, axes or titles differ.

    Example:
        >>> [ax.get_images()[0].get_clim() for ax in plot_maps(np.array([[[1.0]], [[3.0]]]))]
        [(0.0, 3.0), (0.0, 3.0)]
    """
    named = isinstance(maps, Mapping)
    values = [one_map(each) for each in (maps.values() if isinstance(maps, Mapping) else maps)]
    words = list(titles) or (list(maps) if isinstance(maps, Mapping) else [""] * len(values))
    shown, its_range = _pictures_for(images, len(values))
    drawn_on = grid(len(values), *_CELL) if axes is None else list(axes)
    _refuse_other_numbers(len(values), axes=len(drawn_on), titles=len(words))
    if not named:
        every = np.concatenate([each.ravel() for each in values])
        scale = scale or scale_of(every)
        limits = limits_of(every, scale) if limits is None else limits
    for value, image, title, ax in zip(values, shown, words, drawn_on, strict=True):
        between = value_range or its_range
        plot_map(value, image, ax, scale=scale, limits=limits, value_range=between, title=title, unit=unit)
    return drawn_on


@checks_kinds
def plot_layer(
    model: Any,
    layer: Layer,
    image: Any,
    axes: Sequence[Axes] | None = None,
    *,
    channels: Sequence[int] | None = None,
    limits: Limits | None = None,
) -> list[Axes]:
    """Draw what channels of a layer put out for one image, between the same limits.

    Args:
        model: A Keras model.
        layer: The layer's name, its index in `model.layers`, or itself.
        image: float[H,W,C], a `Dataset` of one image, or a picture's path.
        axes: One for each channel; None: of a new figure.
        channels: Their numbers; None: the 10 that reach highest.
        limits: (low, high); None: those of the channels drawn, with zero among them.

    Returns:
        The axes.

    Raises:
        ValueError: The layer is unknown or has no map of places, there is no such channel, or there are several images.

    Example:
        >>> [ax.get_title() for ax in plot_layer(model, "conv1", data[0], channels=[3, 5])]
        ['conv1, channel 3', 'conv1, channel 5']
    """
    if channels is not None and not len(channels):
        raise ValueError("Expected channels to draw. Received none. Name some, or leave channels= out.")
    name, values = next(iter(ActivationExtractor(model, layer_name(model, layer))(as_batch(image, model)).items()))
    if values.ndim != 4 or len(values) != 1:
        raise ValueError(
            f"Expected one image, and a layer with a map of places, float[1,h,w,C]. Received {list(values.shape)} of "
            f"{name!r}. Pass data[:1], and a layer that inspect_model calls spatial."
        )
    maps = values[0].transpose(2, 0, 1)
    highest = np.argsort(-maps.max(axis=(1, 2)), kind="stable")[:_CHANNELS]
    chosen = highest if channels is None else np.asarray(channels, int)
    outside = [int(each) for each in chosen if not 0 <= each < len(maps)]
    if outside:
        raise ValueError(
            f"Expected channels from 0 to {len(maps) - 1}. Received {outside[0]}. Layer {name!r} has {len(maps)} of them."
        )
    titles = [f"{name}, channel {number}" for number in chosen]
    return plot_maps(maps[chosen], axes=axes, limits=limits, titles=titles, unit="activation")


def scale_of(values: np.ndarray) -> ColorScale:
    """The colours of a map by its sign alone."""
    return "signed" if values.min() < 0 else "evidence"


def as_batch(image: Any, model: Any = None) -> Any:
    """One image as people have it as a batch of one."""
    given = given_images(image, model).images
    return given[np.newaxis] if hasattr(given, "ndim") and given.ndim == 3 else given


def one_map(values: Any) -> np.ndarray:
    """A map float[h,w], of a batch of one too."""
    found = np.asarray(values)
    found = found[0] if found.ndim == 3 and len(found) == 1 else found
    if found.ndim != 2 or not found.size:
        raise ValueError(
            f"Expected one map float[h,w]. Received shape {list(found.shape)}. Take one of them, as in maps[0]."
        )
    colors.refuse_nan(found)
    return found


def one_picture(image: Any) -> tuple[np.ndarray, tuple[float, float]]:
    """A picture float[H,W,C], with (black, white)."""
    found, between = np.asarray(getattr(image, "shown", image)), getattr(image, "shown_range", (0.0, 1.0))
    found = found[0] if found.ndim == 4 and len(found) == 1 else found
    found = found[..., np.newaxis] if found.ndim == 2 else found
    if found.ndim != 3:
        raise ValueError(
            f"Expected one picture float[H,W,C]. Received shape {list(found.shape)}. Take one of them, as in images[0]."
        )
    return found, between


def _as_drawn(map: Any, scale: ColorScale | None, limits: Limits | None) -> tuple[np.ndarray, ColorScale, Limits]:
    """A map, checked, with its scale and limits."""
    values = one_map(map)
    drawn_in = scale or scale_of(values)
    between = limits_of(values, drawn_in) if limits is None else limits
    colors.checked_limits(values, drawn_in, between)
    return values, drawn_in, between


def _pictures_for(images: Any, count: int) -> tuple[list[Any], tuple[float, float]]:
    """A picture or None for each of so many maps, and (black, white)."""
    if images is None:
        return [None] * count, (0.0, 1.0)
    if isinstance(images, dict):
        raise ValueError("Expected pictures float[B,H,W,C]. Received a dict. Pass the one of its arrays that is drawn.")
    between = getattr(images, "shown_range", (0.0, 1.0))
    given = np.asarray(images.shown if hasattr(images, "shown") else given_images(images).images)
    batch = given[np.newaxis] if given.ndim == 3 else given
    batch = np.repeat(batch, count, axis=0) if len(batch) == 1 else batch
    _refuse_other_numbers(count, images=len(batch))
    return list(batch), between


def _refuse_other_numbers(maps: int, **others: int) -> None:
    for what, number in others.items():
        if number != maps:
            raise ValueError(f"Expected {what} for {maps} maps. Received {number}. Pass one for each map.")
