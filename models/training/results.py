"""What a training is remembered by: its figures on each split, and the card that holds them."""

from dataclasses import asdict
from typing import Any

import numpy as np

from ..datasets.dataset import Dataset
from ..datasets.duplicates import shared_images
from ..evaluation.metrics import evaluate
from ..model_files.cards import ModelCard, Row, versions
from ..model_files.weights import weights_fingerprint
from ..networks.recipes import Recipe
from .epochs import best_epoch

VALUE_RANGE = (0.0, 1.0)  # of the pixels that every architecture takes


def model_card(
    recipe: Recipe,
    model: Any,
    sources: dict[str, Dataset],
    splits: dict[str, Dataset],
    rows: list[Row],
    seconds: float,
) -> ModelCard:
    """Measure a trained model and write down how it was made.

    Args:
        recipe: that it was trained by.
        model: with the weights of its best epoch.
        sources: 'training' and 'test': the images as they were read.
        splits: 'training' (without what was held out), 'validation' and 'test': what to measure it on.
        rows: its history, one entry per epoch.
        seconds: how long all of its epochs took.
    """
    height, width, channels = (int(length) for length in sources["training"].images.shape[1:])
    return ModelCard(
        name=recipe.architecture,
        recipe=asdict(recipe),
        seed=recipe.seed,
        input_shape=(height, width, channels),
        value_range=VALUE_RANGE,
        class_names=sources["training"].class_names,
        parameters=int(model.count_params()),
        best_epoch=best_epoch(rows, recipe) + 1,
        history={column: [row[column] for row in rows] for column in rows[0]},
        results={name: _figures(model, data) for name, data in splits.items()},
        data=_origins(sources),
        versions=versions(),
        training_seconds=round(seconds, 1),
        preprocessing=sources["training"].preparation.preprocessing,
        interpolation=sources["training"].preparation.interpolation,
        fit=sources["training"].preparation.fit if sources["training"].preparation.interpolation else None,
        weights=weights_fingerprint(model),
    )


def _figures(model: Any, data: Dataset) -> dict[str, float]:
    """Accuracy and loss, dropout off."""
    measured = evaluate(model, data)
    return {"accuracy": measured.accuracy, "loss": measured.loss, "images": len(data)}


def _origins(sources: dict[str, Dataset]) -> dict[str, dict[str, Any]]:
    """What each split was, and how many test images are among the training ones too."""
    found = {name: _origin(data) for name, data in sources.items()}
    if "test" in sources:
        shared = shared_images(sources["training"].images, sources["test"].images)
        found["test"]["also_in_training"] = len(shared)
    return found


def _origin(data: Dataset) -> dict[str, Any]:
    """What was read; not from where: the card travels, and a path says more of its owner than of the data."""
    counts = np.bincount(data.labels, minlength=len(data.class_names))
    return {"images": len(data), "class_counts": counts.tolist(), "files": dict(data.files)}
