"""Models that Keras 2 saved: told by the version in the file, and opened through tf_keras, which is Keras 2 carried on."""

import importlib
import re
import tempfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..json_files import parsed

_INSTALL = "Install tf_keras, which is Keras 2 carried on, and open it again: pip install tf_keras"
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")  # of a terminal
_IN_A_CALL = "Exception encountered when calling"
_LONGEST = 160  # letters of what a library said


def version_of(path: Path, kind: str) -> str:
    """The version of Keras that saved a 'keras' or 'h5' file, such as '2.15.0'; '' where the file does not say."""
    if kind == "keras":
        with zipfile.ZipFile(path) as archive:
            if "metadata.json" not in archive.namelist():
                return ""
            try:
                told = parsed(archive.read("metadata.json"))
            except ValueError:
                return ""  # Keras itself never reads it
            return str(told.get("keras_version", "")) if isinstance(told, dict) else ""
    import h5py

    with h5py.File(path, "r") as file:
        return str(file.attrs.get("keras_version", ""))


def load_by_tf_keras(path: Path, version: str, *, allow_code: bool, custom_objects: Mapping[str, Any]) -> Any:
    """The model, not compiled, as a model of tf_keras.

    Raises:
        ValueError: tf_keras is not installed, or cannot load it either.
    """
    library = tf_keras()
    if library is None:
        raise ValueError(
            f"Expected a model that Keras 3 can load. Received '{path}', saved by Keras {version}, with parts that Keras 3 no "
            f"longer knows. {_INSTALL}."
        )
    with tempfile.TemporaryDirectory() as folder:
        source = _renamed(path, Path(folder)) if path.suffix == ".keras" else path
        try:
            return library.saving.load_model(
                source, custom_objects=dict(custom_objects), compile=False, safe_mode=not allow_code
            )
        except Exception as error:
            raise ValueError(
                f"Expected a model that tf_keras can load. Received '{path}', saved by Keras {version}: {cause(error)} Name "
                f"each layer and function of your own with --custom-objects module:name."
            ) from error


def tf_keras() -> Any:
    """The library, or None where it is not installed."""
    try:
        return importlib.import_module("tf_keras")
    except ImportError:
        return None


def loaded_saved_model(path: Path) -> Any:
    """`tf.saved_model.load`, with tf_keras at hand where an optimizer of Keras 2 was saved too.

    Raises:
        ValueError: The folder cannot be loaded.
    """
    import tensorflow as tf

    load: Any = tf.saved_model.load  # pyright: ignore[reportAttributeAccessIssue]
    try:
        return load(str(path))
    except Exception as error:  # TensorFlow raises whatever the first thing that fails raises
        if tf_keras() is None:
            raise ValueError(
                f"Expected a SavedModel that TensorFlow can load. Received '{path}': {cause(error)} It may hold an optimizer "
                f"of Keras 2. {_INSTALL}."
            ) from error
    try:
        return load(str(path))
    except Exception as error:
        raise ValueError(
            f"Expected a SavedModel that TensorFlow can load. Received '{path}': {cause(error)} Export the model anew with "
            f"model.export(folder)."
        ) from error


def cause(error: Exception) -> str:
    """What a library said, in a sentence of at most 160 letters, without the description of any layer.

    >>> cause(ValueError("Error when deserializing class 'A' using config={'name': 'a'}."))
    "Error when deserializing class 'A'."
    >>> cause(NameError("Exception encountered when calling Lambda.call().\\n\\nname 'tf' is not defined\\n\\nArguments: ..."))
    "name 'tf' is not defined."
    """
    lines = [line for line in _COLOURS.sub("", str(error)).splitlines() if line.strip()] or [type(error).__name__]
    first = lines[1] if lines[0].startswith(_IN_A_CALL) and len(lines) > 1 else lines[0]  # what went wrong inside of it
    said = re.split(r"\s*(?:using config|Full object config|Make sure|[{\[])", first)[0].rstrip(" .:")
    return (said[: _LONGEST - 3] + "..." if len(said) > _LONGEST else said + ".").strip()


def _renamed(path: Path, folder: Path) -> Path:
    """A copy of a .keras file whose parts are looked up in tf_keras, where Keras 2 kept them within itself."""
    copy = folder / path.name
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(copy, "w") as target:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == "config.json":
                content = content.replace(b'"keras.src.', b'"tf_keras.src.')
            target.writestr(entry, content)
    return copy
