"""What a model file holds, judged before Keras sees it: which classes and functions it names, where its weights lie.

Keras builds a model from names: a module and a class or function in it. Older versions import any module that a file
names, and call what they find there (`os.system`, `keras.utils.get_file`). So a name is taken only where it is a part of
Keras that builds layers, or one that the user has given (`custom_objects`). HDF5 can point out of the file (external
links and storage), at itself, or claim more values than are stored; each is refused.
"""

from __future__ import annotations

import math
import re
import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path, PurePosixPath
from typing import Any

from ..file_limits import LIMITS, Limits, require_unpacked

_PARTS_OF_KERAS = tuple(
    f"{package}.{part}"
    for package in ("keras", "keras.src", "tf_keras", "tf_keras.src")
    for part in (
        "layers",
        "models",
        "engine",
        "ops",
        "initializers",
        "activations",
        "regularizers",
        "constraints",
        "dtype_policies",
        "mixed_precision",
        "quantizers",
        "random",
        "losses",
        "metrics",
        "optimizers",
    )
)
_OF_KERAS_ITSELF = (
    "Sequential",
    "Functional",
    "Model",
    "DTypePolicy",
    "FloatDTypePolicy",
    "DTypePolicyMap",
    "Variable",
)
_VALUES = ("__keras_tensor__", "__tensor__", "__numpy__", "__bytes__", "__ellipsis__", "__slice__", "__tuple__")
_LOOKUPS = ("StringLookup", "IntegerLookup", "TextVectorization", "IndexLookup")  # may read a vocabulary from any file
_TENSOR_FUNCTIONS = (
    "math",
    "nn",
    "linalg",
    "image",
    "signal",
    "bitwise",
    "__operators__",
    "keras",
    "strings",
    "dtypes",
)
# fmt: off
_SINGLE_FUNCTIONS = {  # of TensorFlow, as layers of Keras 2 name them: they compute, and do nothing else
    "abs", "add", "argmax", "argmin", "broadcast_to", "cast", "clip_by_value", "concat", "convert_to_tensor",
    "divide", "equal", "exp", "expand_dims", "fill", "gather", "gather_nd", "greater", "identity", "less", "linspace",
    "matmul", "maximum", "meshgrid", "minimum", "multiply", "norm", "not_equal", "one_hot", "ones", "ones_like",
    "pad", "pow", "range", "rank", "realdiv", "reduce_max", "reduce_mean", "reduce_min", "reduce_prod", "reduce_sum",
    "repeat", "reshape", "reverse", "roll", "round", "shape", "sigmoid", "sign", "sin", "slice", "split", "sqrt",
    "square", "squeeze", "stack", "stop_gradient", "strided_slice", "subtract", "tanh", "tensordot", "tile",
    "transpose", "truediv", "unstack", "where", "zeros", "zeros_like",
}
# fmt: on
_ROOT_NAME = re.compile(r"[A-Za-z0-9.][A-Za-z0-9_./>-]*")
_INNER_NAME = re.compile(r"[A-Za-z0-9_./>-]*")
_MEMBERS = ("metadata.json", "config.json", "model.weights.h5", "model.weights.npz", "model.weights.json")


def foreign_names(config: Any, known: Collection[str] = ()) -> list[str]:
    """What a description names that is no part of Keras that builds layers, such as 'os.system'.

    Args:
        config: As read from the file; what only compiling needs is left out.
        known: Names of the user's own classes and functions.

    Example:
        >>> foreign_names({"module": "os", "class_name": "function", "config": "system"})
        ['os.system']
    """
    found = [_foreign(part) for part in parts(config) if not _is_known(part, known)]
    return sorted({name for name in found if name is not None})


def _is_known(part: dict[str, Any], known: Collection[str]) -> bool:
    """Whether Keras will take the user's own object for it, by the name that Keras looks up."""
    if part.get("class_name") == "function":
        return part.get("config") in known
    registered = part.get("registered_name") or part.get("class_name")
    return isinstance(registered, str) and (registered in known or registered.rsplit(">", 1)[-1] in known)


def _foreign(part: dict[str, Any]) -> str | None:
    """What one mapping of the description names, where that is not taken."""
    kind, module, config = part.get("class_name"), part.get("module"), part.get("config")
    if not isinstance(kind, str) or kind in _VALUES:
        return None
    if kind in ("TFOpLambda", "SlicingOpLambda", "ClassMethod", "InstanceMethod", "InstanceProperty"):
        return _foreign_function(config)
    if kind in _LOOKUPS and isinstance(config, dict) and isinstance(config.get("vocabulary"), str):
        return f"the file {config['vocabulary']!r} as a vocabulary"
    if kind == "__typespec__":
        return None if str(module).startswith("tensorflow.") else f"{module}.{kind}"
    if module is None:
        return None  # looked up by Keras among its own classes and the user's
    name = str(config) if kind == "function" else kind
    if module == "builtins":
        return None if kind == "function" and name.isidentifier() else f"{module}.{name}"
    if module == "keras" and kind != "function" and kind in _OF_KERAS_ITSELF:
        return None
    inside = any(module == part or module.startswith(f"{part}.") for part in _PARTS_OF_KERAS)
    return None if inside and name.replace("_", "a").isalnum() else f"{module}.{name}"


def _foreign_function(config: Any) -> str | None:
    """The TensorFlow function that a layer of Keras 2 stands for, where it does more than compute."""
    name = str(config.get("function", "")) if isinstance(config, dict) else ""
    first, _, rest = name.partition(".")
    taken = first in _TENSOR_FUNCTIONS and bool(rest) if rest else first in _SINGLE_FUNCTIONS
    return None if taken or not name else f"tf.{name}"


def unusable_name(config: Any) -> str | None:
    """The first name of a layer, or of the model, that TensorFlow does not take as a part of a graph's names.

    Example:
        >>> unusable_name({"class_name": "Dense", "config": {"name": "my\\\\dense"}})
        'my\\\\dense'
    """
    models = ("Sequential", "Functional", "Model")
    for part in parts(config):
        kind, inner = part.get("class_name"), part.get("config")
        name = inner.get("name") if isinstance(inner, dict) else None
        if kind == "InputLayer" or not isinstance(kind, str) or not isinstance(name, str):
            continue
        letters = _ROOT_NAME if part is config and kind in models else _INNER_NAME
        if not letters.fullmatch(name):
            return name
    return None


def parts(config: Any) -> Iterator[dict[str, Any]]:
    """Every mapping in a nested description, without what only compiling needs."""
    waiting = [config]
    while waiting:
        here = waiting.pop()
        if isinstance(here, dict):
            yield here
            waiting.extend(child for key, child in here.items() if key != "compile_config")
        elif isinstance(here, list):
            waiting.extend(here)


def archive_fault(archive: zipfile.ZipFile, packed: int, limits: Limits = LIMITS) -> str | None:
    """What is wrong with a .keras archive before anything of it is unpacked; None where nothing is.

    Raises:
        ValueError: It unpacks to more than is taken.
    """
    entries = archive.infolist()
    require_unpacked(str(archive.filename), packed, sum(entry.file_size for entry in entries), limits)
    for entry in entries:
        inside = PurePosixPath(entry.filename)
        if entry.flag_bits & 1:
            return f"an encrypted archive ('{entry.filename}')"
        if inside.is_absolute() or ".." in inside.parts or "\\" in entry.filename:
            return f"an archive with a path that leads out of it ('{entry.filename}')"
        if entry.filename not in _MEMBERS and inside.parts[:1] not in (("assets",), ("__MACOSX",)):
            if entry.filename.endswith((".pkl", ".pickle")) or "config.json" not in archive.namelist():
                continue  # another kind of archive, which is named as such
            return f"an archive with a part that is none of a model's ('{entry.filename}')"
    return None


def stored_elsewhere(path: Path | Any, packed: int, limits: Limits = LIMITS) -> str | None:
    """What in an HDF5 file leads out of it, or None.

    Args:
        path: The file, or a file-like object of it.
        packed: Its size, bytes.

    Raises:
        ValueError: Its data sets claim more values than are taken.
    """
    import h5py

    with h5py.File(path, "r") as file:
        claimed, seen = 0, set()
        waiting: list[Any] = [file["/"]]
        while waiting:
            group = waiting.pop()
            if group.id in seen:
                continue
            seen.add(group.id)
            for name in group:
                if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                    return f"a link '{name}' that leads elsewhere"
                child = group[name]
                if isinstance(child, h5py.Group):
                    waiting.append(child)
                elif isinstance(child, h5py.Dataset):
                    if child.external or child.is_virtual:
                        return f"values of '{name}' that are stored in another file"
                    values = max(child.size or 0, math.prod(child.chunks or (0,)))  # a chunk is unpacked whole
                    claimed += values * child.dtype.itemsize
        require_unpacked(str(getattr(path, "name", path)), packed, claimed, limits)
    return None
