"""The classifiers: their data, their architectures, how they are trained and how good they are.

=======================  ===========================================================================================
`fashion_mnist`          the test images that ship with the package, or the training split
`image_folder`           your own images, one folder per class
`open_dataset`           any form of data by its name or path: folders, .npz, .npy, .csv, IDX; `model=` makes it fit
`open_signals`           series and volumes: .npz, .npy, WAV, NIfTI; `model=` makes them fit; a `Signals`
`Dataset`                labelled images with class names, value range and source
`architectures`          what `build_model` can build
`build_model`            one of them, untrained
`train`                  one of them, by its recipe, with a model card
`load_model`             a shipped model by name, or a file, without running code that it holds
`evaluate_segmentation`  how good a model of pixels is: IoU, accuracy of each class, the worst images
`evaluate`               how good a model is on a data set: an `Evaluation`
=======================  ===========================================================================================
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .datasets.dataset import Dataset
    from .evaluation.metrics import Evaluation, evaluate
    from .evaluation.segmentation import SegmentationEvaluation, evaluate_segmentation
    from .fitting import open_dataset
    from .formats.fashion_mnist import fashion_mnist
    from .formats.image_folders import image_folder
    from .formats.places.signal_files import open_signals
    from .model_files.cards import ModelCard
    from .model_files.loading import load_model, model_card_of
    from .networks.architectures import architectures, build_model
    from .signals import Signals
    from .training.fit import train

__all__ = [
    "Dataset",
    "Evaluation",
    "ModelCard",
    "SegmentationEvaluation",
    "Signals",
    "architectures",
    "build_model",
    "evaluate",
    "evaluate_segmentation",
    "fashion_mnist",
    "image_folder",
    "load_model",
    "model_card_of",
    "open_dataset",
    "open_signals",
    "train",
]

_HOMES = {
    "Dataset": "datasets.dataset",
    "Evaluation": "evaluation.metrics",
    "evaluate": "evaluation.metrics",
    "evaluate_segmentation": "evaluation.segmentation",
    "SegmentationEvaluation": "evaluation.segmentation",
    "fashion_mnist": "formats.fashion_mnist",
    "image_folder": "formats.image_folders",
    "open_dataset": "fitting",
    "open_signals": "formats.places.signal_files",
    "Signals": "signals",
    "ModelCard": "model_files.cards",
    "load_model": "model_files.loading",
    "model_card_of": "model_files.loading",
    "architectures": "networks.architectures",
    "build_model": "networks.architectures",
    "train": "training.fit",
}


def __getattr__(name: str) -> Any:
    """Import a name when it is first used, so that listing formats for `--help` imports nothing heavy."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
