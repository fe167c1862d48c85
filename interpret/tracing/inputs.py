"""What a model takes: the form of its inputs, and the check of what was given against it.

A model takes one array, a list or a dict of arrays; here they become a flat list in the model's own order, so that the
rest of the engine knows one form only. Exactly one of them is the image that maps are made of.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

_ROUNDING = 1e-3  # how far a whole number may be off after it was scaled
Arrays = Any  # one array, a list or a dict of arrays, as Keras takes them


@dataclass(frozen=True, eq=False)
class InputForm:
    """Names, shapes and nesting of a model's inputs, in the model's order."""

    names: tuple[str, ...]
    shapes: tuple[tuple[int | None, ...], ...]  # without the batch axis; None where the model leaves a size open
    dtypes: tuple[str, ...]
    nesting: str  # 'single', 'list' or 'dict'

    @property
    def key(self) -> tuple[object, ...]:
        """Equal for equal forms."""
        return self.names, self.shapes, self.dtypes, self.nesting

    def flatten(self, arrays: Arrays) -> list[np.ndarray]:
        """The arrays in the model's order, checked; each of shape [B, ...] with one B.

        Raises:
            ValueError: An input is missing or unknown, does not fit the model's shape, is empty, not numeric, or holds
                NaN or infinite values.
        """
        given = self._in_order(arrays)
        checked = [
            _checked(np.asarray(array), name, shape, dtype)
            for array, name, shape, dtype in zip(given, self.names, self.shapes, self.dtypes, strict=True)
        ]
        lengths = {name: len(array) for name, array in zip(self.names, checked, strict=True)}
        if len(set(lengths.values())) > 1:
            raise ValueError(
                f"Expected as many rows in each input. Received {lengths}. Give every input one row per image."
            )
        return checked

    def pack(self, flat: Sequence[Any]) -> Any:
        """The flat list in the nesting that the model's `call` takes."""
        if self.nesting == "dict":
            return dict(zip(self.names, flat, strict=True))
        return list(flat) if self.nesting == "list" else flat[0]

    def image_index(self, wrt: str | None) -> int:
        """Position of the input that maps are made of: the one named by `wrt`, or the only image."""
        if wrt is not None:
            if wrt not in self.names:
                raise ValueError(missing_from_model("input", wrt, self.names))
            return self.names.index(wrt)
        if len(self.names) == 1:
            return 0
        images = [
            index
            for index, (shape, dtype) in enumerate(zip(self.shapes, self.dtypes, strict=True))
            if len(shape) == 3 and "float" in dtype
        ]
        if len(images) == 1:
            return images[0]
        raise ValueError(
            f"Expected one image among the model's inputs. This model takes {', '.join(self.names)}, of which "
            f"{len(images)} are images. Say which one the maps are of: wrt={self.names[0]!r}."
        )

    def _in_order(self, arrays: Arrays) -> list[Any]:
        if isinstance(arrays, dict):
            missing = [name for name in self.names if name not in arrays]
            unknown = [name for name in arrays if name not in self.names]
            if missing or unknown:
                raise ValueError(
                    f"Expected the inputs {', '.join(self.names)}. Received {', '.join(map(str, arrays)) or 'none'}. "
                    f"Give a dict with exactly the model's names."
                )
            return [arrays[name] for name in self.names]
        if self.nesting == "single":
            return [arrays]
        if not isinstance(arrays, (list, tuple)) or len(arrays) != len(self.names):
            count = len(arrays) if isinstance(arrays, (list, tuple)) else 1
            raise ValueError(
                f"Expected {len(self.names)} inputs: {', '.join(self.names)}. Received {count}. "
                f"Give a list in this order, or a dict with these names."
            )
        return list(arrays)


def declared_inputs(model: Any) -> InputForm | None:
    """The inputs that a model declares, or None where it finds out by being called (a subclassed model)."""
    declared = getattr(model, "inputs", None)
    if not declared:
        return None
    structure = getattr(model, "input", declared)
    if isinstance(structure, dict):
        names, tensors, nesting = tuple(structure), list(structure.values()), "dict"
    else:
        tensors = list(declared)
        names = tuple(tensor.name.split(":")[0] for tensor in tensors)
        nesting = "list" if isinstance(structure, (list, tuple)) and len(tensors) > 1 else "single"
    return InputForm(
        names=names,
        shapes=tuple(tuple(tensor.shape)[1:] for tensor in tensors),
        dtypes=tuple(_dtype_name(tensor.dtype) for tensor in tensors),
        nesting=nesting,
    )


def observed_inputs(arrays: Arrays) -> InputForm:
    """The form of inputs that are at hand, for a model that declares none."""
    if isinstance(arrays, dict):
        names, given, nesting = tuple(arrays), list(arrays.values()), "dict"
    elif isinstance(arrays, (list, tuple)):
        names, given, nesting = tuple(f"input_{i}" for i in range(len(arrays))), list(arrays), "list"
    else:
        names, given, nesting = ("input",), [arrays], "single"
    known = [np.asarray(array) for array in given]
    return InputForm(
        names=names,
        shapes=tuple(array.shape[1:] for array in known),
        dtypes=tuple(
            str(array.dtype) if array.dtype.kind in "iub" and nesting != "single" else "float32" for array in known
        ),
        nesting=nesting,
    )


def as_dtype(values: np.ndarray, dtype: Any) -> np.ndarray:
    """Values as an input of this dtype takes them: whole numbers are rounded, and those outside of its range are cut."""
    kind = np.dtype(dtype)
    if kind.kind not in "iu" or values.dtype == kind:
        return values.astype(kind, copy=False)
    limits = np.iinfo(kind)
    return np.clip(np.rint(values), limits.min, limits.max).astype(kind)


def missing_from_model(what: str, name: object, known: Sequence[str]) -> str:
    """The message for a name that does not exist: the nearest, and all that do."""
    near = difflib.get_close_matches(str(name), known, n=1, cutoff=0.5)
    hint = f"Did you mean {near[0]!r}? " if near else ""
    return f"The model has no {what} {name!r}. {hint}Use one of: {', '.join(known)}."


def _dtype_name(dtype: Any) -> str:
    return getattr(dtype, "name", str(dtype))


def _checked(array: np.ndarray, name: str, shape: tuple[int | None, ...], dtype: str) -> np.ndarray:
    wanted = "(" + ", ".join(["B", *("any" if size is None else str(size) for size in shape)]) + ")"
    if dtype == "string":
        return _checked_words(array, name, shape)
    if array.dtype.kind not in "fiub":
        raise ValueError(
            f"Expected numbers of shape {wanted} for input {name!r}. Received dtype {array.dtype}. "
            f"Convert the images to a float32 array."
        )
    if array.ndim == len(shape) and all(s is None or s == a for s, a in zip(shape, array.shape, strict=True)):
        raise ValueError(
            f"Expected a batch of shape {wanted} for input {name!r}. Received one image of shape {array.shape}. "
            f"Add the batch axis: images[np.newaxis]."
        )
    fits = array.ndim == len(shape) + 1 and all(
        s is None or s == a for s, a in zip(shape, array.shape[1:], strict=True)
    )
    if not fits:
        raise ValueError(
            f"Expected images of shape {wanted} for input {name!r}. Received shape {array.shape}. "
            f"Resize them, or change their channels, to what the model takes."
        )
    if len(array) == 0:
        raise ValueError(f"Expected at least one image for input {name!r}. Received an empty set. Give some images.")
    _refuse_not_finite(array, name)
    return array.astype(dtype, copy=False) if "float" in dtype else _as_integers(array, name, dtype)


def _checked_words(array: np.ndarray, name: str, shape: tuple[int | None, ...]) -> np.ndarray:
    if array.dtype.kind not in "OSU" or array.ndim != len(shape) + 1 or not len(array):
        raise ValueError(
            f"Expected words for input {name!r}, an array of strings [B{''.join(f', {size}' for size in shape)}]. Received "
            f"dtype {array.dtype}, shape {array.shape}. Give one string per row: np.array(['one', 'two'])."
        )
    return array.astype(object)


def _refuse_not_finite(array: np.ndarray, name: str) -> None:
    if array.dtype.kind != "f":
        return
    finite = np.isfinite(array.reshape(len(array), -1)).all(axis=1)
    if not finite.all():
        bad = np.flatnonzero(~finite)
        raise ValueError(
            f"Expected finite values in input {name!r}. Received NaN or infinity in {len(bad)} of {len(array)} images, "
            f"first in image {bad[0]}. Remove or mend these images."
        )


def _as_integers(array: np.ndarray, name: str, dtype: str) -> np.ndarray:
    if array.dtype.kind == "f":
        whole = np.rint(array)
        if np.abs(array - whole).max() < _ROUNDING:  # as pixels are that were scaled to 0..1 and back
            return whole.astype(dtype)
        raise ValueError(
            f"Expected whole numbers ({dtype}) for input {name!r}. Received fractions, dtype {array.dtype}. "
            f"Give the values that the model was trained on."
        )
    return array.astype(dtype, copy=False)
