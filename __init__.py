"""What every layer of a trained Keras CNN sees, why it decided as it did, and how far each picture can be trusted.

=======================  ===========================================================================================
`featurelens.interpret`  any Keras model and images in, arrays out: activations, maps of evidence, how far to trust them
`featurelens.models`     data sets, architectures, training, evaluation, and the trained models that ship
`featurelens.reports`    a model and its images in, one HTML file out; pictures, and what a notebook shows
=======================  ===========================================================================================

Each is imported when it is first used, so that `import featurelens` alone is instant. The same in a terminal is the
command `featurelens`, or `python -m featurelens`.

What all of them share stands here: `Shown` and `Record`, and the few doors through which a folder asks another one that it
does not import. interpret/ and models/ know no pictures, but what they return is shown as one in a notebook; interpret/
reads no files, but `GradCAM(model)("photos/")` works.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from featurelens import interpret, models, reports

__all__ = ["interpret", "models", "reports"]
__version__: str  # of the installed package

_DOORS = {  # what is asked -> the function that answers, imported when it is asked
    "dataset": "models.fitting:dataset_for",  # (source, model) -> Dataset
    "labelled": "models.fitting:labelled_for",  # the same, of images with classes only
    "known": "models.fitting:known_for",  # (source, model, task) -> Dataset with its numbers, or its several labels
    "class names": "models.fitting:class_names_for",  # model -> (name, ...) or None
    "range": "models.datasets.pixel_range:warn_of_range",  # (model, Dataset): a warning where the model takes another range
    "html": "reports.notebook.cells:html_of",  # record or method -> str
    "json": "reports.evidence.twin:twin",  # record -> what `json` writes
    "table": "reports.notebook.tables:as_table",  # rows -> pandas.DataFrame, or the rows
}
_LONGEST = 300  # letters of a `repr`


def ask(door: str, *arguments: Any) -> Any:
    """Ask a folder that the caller does not import; `door` is one of those above."""
    module, _, function = _DOORS[door].partition(":")
    return getattr(importlib.import_module(f"featurelens.{module}"), function)(*arguments)


class Shown:
    """Something that a console shows in a few lines, and a notebook as pictures and tables."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Give each class the short `repr`: a dataclass would write its own, with every number of its arrays."""
        super().__init_subclass__(**kwargs)
        if "__repr__" not in cls.__dict__:
            cls.__repr__ = Shown.__repr__

    def __repr__(self) -> str:
        """At most 300 letters: the fields that are short, arrays by their shapes."""
        said = f"{type(self).__name__}({', '.join(self._told())})"
        return said if len(said) <= _LONGEST else f"{said[: _LONGEST - 4]}...)"

    def _repr_html_(self) -> str:
        """What a notebook shows: at most 200 KB, readable in light and dark."""
        return ask("html", self)

    def _told(self) -> Iterator[str]:
        """The parts of the `repr`."""
        if is_dataclass(self):
            yield from (f"{field.name}={_brief(getattr(self, field.name))}" for field in fields(self))
            return
        if hasattr(self, "model"):
            model = self.model  # type: ignore[attr-defined]
            yield f"model={getattr(model, 'name', type(model).__name__)!r}"
        for name, value in vars(self).items():
            if not name.startswith("_") and isinstance(value, (str, int, float)):
                yield f"{name}={value!r}"


class Record(Shown):
    """Numbers that belong together: `Shown`, and written as JSON."""

    def to_json(self, *, indent: int | None = None) -> str:
        """The record as strict JSON: arrays become lists, NaN and infinity null; pixels of data sets are left out."""
        import json

        return json.dumps(ask("json", self), indent=indent, ensure_ascii=False, allow_nan=False)


def _brief(value: Any, deep: int = 0) -> str:
    """A value in a few letters: arrays by type and shape, long things by how many they hold."""
    if hasattr(value, "dtype") and hasattr(value, "shape") and value.shape != ():
        return f"{value.dtype}{list(value.shape)}"
    if isinstance(value, float):
        return f"{value:.4g}"
    if is_dataclass(value) and not isinstance(value, type):
        return f"{type(value).__name__}(...)"
    if callable(value):
        return f"{getattr(value, '__name__', type(value).__name__)}()"
    if isinstance(value, Mapping) and value:
        first = next(iter(value))
        inside = f"{first!r}: {_brief(value[first], deep + 1)}" if not deep else "..."
        return f"{{{inside}}}" if len(value) == 1 else f"{{{inside}, ... {len(value)} in all}}"
    if isinstance(value, (list, tuple)) and len(value) > 3:
        return f"[{_brief(value[0], deep + 1)}, ... {len(value)} in all]"
    if isinstance(value, (list, tuple)):
        return f"[{', '.join(_brief(each, deep + 1) for each in value)}]"
    said = repr(value)
    return said if len(said) <= 60 else f"{said[:56]}...{said[-1]}"


def __getattr__(name: str) -> Any:
    """Import a subpackage, or look up the version, when it is first asked for."""
    if name == "__version__":
        from importlib.metadata import version

        return version("featurelens")
    if name in __all__:
        return importlib.import_module(f"featurelens.{name}")
    raise AttributeError(
        f"module 'featurelens' has no attribute {name!r}. It has {', '.join(__all__)} and __version__."
    )


def __dir__() -> list[str]:
    """Name the subpackages too, before they are imported."""
    return sorted({*globals(), *__all__, "__version__"})
