"""Whether images fit a model's size and channels, and making them fit where that was asked for."""

from __future__ import annotations

from .dataset import Dataset

InputShape = tuple[int | None, int | None, int | None]  # (H, W, C); None: any


def fits(dataset: Dataset, model_input: InputShape) -> bool:
    """Whether the images have the model's height, width and channels, where it fixes them."""
    have = dataset.images.shape[1:]
    return all(wanted is None or wanted == got for wanted, got in zip(model_input, have, strict=True))


def require_fit(dataset: Dataset, model_input: InputShape) -> Dataset:
    """Return the data as they are if they fit; a ValueError says what the model wants and what came."""
    if not fits(dataset, model_input):
        raise ValueError(
            f"Expected images of {describe(model_input)}, as the model wants, got "
            f"{describe(dataset.images.shape[1:])} from '{dataset.source}'. "
            "Pass --resize (resize=True) to match size and channels, or choose data of that shape."
        )
    return dataset


def resized_to_fit(dataset: Dataset, model_input: InputShape) -> Dataset:
    """Return the data with the model's channels (grey or RGB), height and width; what it leaves open stays."""
    if fits(dataset, model_input):
        return dataset
    height, width, channels = dataset.images.shape[1:]
    wanted_height, wanted_width, wanted_channels = model_input
    converted = dataset.with_channels(wanted_channels or channels)
    return converted.resized(wanted_height or height, wanted_width or width)


def describe(shape: InputShape) -> str:
    """Return a shape in words: '96x96 with 3 channels (RGB)'."""
    height, width, channels = ("any" if axis is None else str(axis) for axis in shape)
    color = {"1": " (grey)", "3": " (RGB)"}.get(channels, "")
    return f"{height}x{width} with {channels} channel{'' if channels == '1' else 's'}{color}"
