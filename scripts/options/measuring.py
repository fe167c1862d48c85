"""How much is measured, and where the page goes: single options that several commands take, each defined once."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

MOST_SEEDS = 2**32 - 1  # what NumPy and TensorFlow take
Seed = Annotated[
    int,
    typer.Option(
        min=0, max=MOST_SEEDS, help="Seed of everything random: sampled images, the order of pixels, the bootstrap."
    ),
]
BatchSize = Annotated[
    int | None, typer.Option(min=1, help="Images at a time. Default: by the images' size, at most 256.")
]
TrustImages = Annotated[
    int | None, typer.Option(min=0, help="Test the maps on at most so many images; 0 for none. Default: 100.")
]
HtmlFile = Annotated[Path, typer.Option(help="The HTML file to write.")]


def training_data_option(purpose: str) -> Any:
    """--training-data, with what it is for."""
    return typer.Option("--training-data", help=f"Training images, {purpose}")
