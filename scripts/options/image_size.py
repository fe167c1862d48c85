"""The size of images as it is typed: `--size 64x64`, or `--size 64x64x3` with the channels."""

from __future__ import annotations

import re
from typing import Annotated

import typer

Size = Annotated[
    str | None,
    typer.Option(help="Bring the pictures to one size, as in 64x64, or 64x64x1 for grey and 64x64x3 for rgb."),
]


def parse_size(text: str | None) -> tuple[int, int, int | None] | None:
    """(height, width, channels), channels None where they are left as they are; None for None.

    Raises:
        ValueError: The text is not of the form HEIGHTxWIDTH or HEIGHTxWIDTHxCHANNELS.

    Example:
        >>> parse_size("64x48")
        (64, 48, None)
    """
    if text is None:
        return None
    found = re.fullmatch(r"([1-9]\d*)[x×]([1-9]\d*)(?:[x×]([13]))?", text.strip().lower())
    if found is None:
        raise ValueError(
            f"Expected a size as height x width, such as 64x64, or with 1 or 3 channels, such as 64x64x3. Received "
            f"'{text}'. Write it in this form."
        )
    height, width, channels = found.groups()
    return int(height), int(width), None if channels is None else int(channels)
