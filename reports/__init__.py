"""From what a model saw to what a person looks at: one HTML file, pictures for scripts, and what a notebook shows.

===========================  =======================================================================================
`write_report`               a model and its images in, one HTML file out; in a notebook the page itself
`write_segmentation_report`  a model that names a class for every pixel, as one HTML file
`plot_segmentation`          a picture, its true classes, those that are named, and the error
`explain`                    one image's whole story: what the model answers, and where it looks by several methods
`FeatureMaps`                a Keras callback: what the layers see while a model is trained, as a page with a slider
`plot_map`                   a map of evidence over its picture, with its scale; `plot_maps` several
`plot_layer`                 what the channels of a layer put out for an image
`plot_confusion`             which classes are taken for which
`plot_trust`                 how far each method's maps can be trusted
`extract`                    what a model says of every image of a large set, into a store that can be interrupted
`open_store`                 what `extract` wrote; `join_stores` makes one of several
`overlay`                    a map laid over its picture, as an array
`upsample`                   maps at the size of their picture
===========================  =======================================================================================
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .figures.maps import overlay, plot_layer, plot_map, plot_maps, upsample
    from .figures.one_image import ImageStory, explain
    from .figures.segmentation import plot_segmentation
    from .figures.tables import plot_confusion, plot_trust
    from .notebook.written import WrittenReport
    from .report import write_report
    from .segmentation.page import write_segmentation_report
    from .store.extraction import extract
    from .store.joining import join_stores
    from .store.opening import Store, open_store
    from .training_film.callback import FeatureMaps

__all__ = [
    "FeatureMaps",
    "ImageStory",
    "Store",
    "WrittenReport",
    "explain",
    "extract",
    "join_stores",
    "open_store",
    "overlay",
    "plot_confusion",
    "plot_layer",
    "plot_map",
    "plot_maps",
    "plot_segmentation",
    "plot_trust",
    "upsample",
    "write_report",
    "write_segmentation_report",
]

_HOMES = {
    "FeatureMaps": "training_film.callback",
    "ImageStory": "figures.one_image",
    "Store": "store.opening",
    "WrittenReport": "notebook.written",
    "explain": "figures.one_image",
    "extract": "store.extraction",
    "join_stores": "store.joining",
    "open_store": "store.opening",
    "overlay": "figures.maps",
    "plot_confusion": "figures.tables",
    "plot_layer": "figures.maps",
    "plot_map": "figures.maps",
    "plot_maps": "figures.maps",
    "plot_segmentation": "figures.segmentation",
    "plot_trust": "figures.tables",
    "upsample": "figures.maps",
    "write_report": "report",
    "write_segmentation_report": "segmentation.page",
}


def __getattr__(name: str) -> Any:
    """Import a name when it is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
