"""What kind of model file something is, told by its content, and whether it can be opened without running code of it.

A pickle runs whatever its author wrote into it, so it is never opened. A Lambda layer holds compiled Python.
"""

import json
import zipfile
from pathlib import Path
from typing import Any

from ..file_limits import LIMITS, Limits, require_regular_file, too_large
from ..json_files import nesting
from .contents import archive_fault, parts, stored_elsewhere

SAVE = "Save the model with `model.save('NAME.keras')` and pass that file."
_CODE_LAYERS = ("Lambda", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer")
PICKLE = "a pickle, which could run any code when opened"


def model_format(path: Path, limits: Limits = LIMITS) -> str:
    """The format of a model: 'keras' (.keras), 'h5' (.h5, legacy) or 'saved_model' (a folder).

    Raises:
        ValueError: for anything else, and for files that are empty, cut off or misnamed, each with what to do.
    """
    if path.is_dir():
        if (path / "saved_model.pb").exists():
            return "saved_model"
        raise _not_a_model(path, "a folder without saved_model.pb", SAVE)
    require_regular_file(path, limits)
    with path.open("rb") as file:
        start = file.read(8)
    if not start:
        raise _not_a_model(path, "an empty file", SAVE)
    if start[:2] == b"PK":
        return _check_zip(path, limits)
    if start == b"\x89HDF\r\n\x1a\n":
        _require_suffix(path, (".h5", ".hdf5"))
        return "h5"
    if start[0] == 0x80 and start[1:2] <= b"\x05":
        raise _not_a_model(path, PICKLE, SAVE)
    raise _not_a_model(path, "a file of another kind", SAVE)


def model_config(path: Path, kind: str, limits: Limits = LIMITS) -> Any:
    """The description of the layers that a 'keras' or 'h5' file holds, read without building anything.

    Raises:
        ValueError: The file is damaged, has no description, points out of itself, or claims more than is taken.
    """
    if kind == "keras":
        with zipfile.ZipFile(path) as archive:
            _check_weights(path, archive, limits)
            return _parsed(path, archive.read("config.json"), limits)
    import h5py

    try:
        elsewhere = stored_elsewhere(path, path.stat().st_size, limits)
        with h5py.File(path, "r") as file:
            config = file.attrs.get("model_config")
    except (OSError, KeyError, RuntimeError) as error:
        raise _not_a_model(path, f"an HDF5 file that is cut off or damaged ({error})", "Copy it anew.") from error
    if elsewhere is not None:
        raise _not_a_model(path, f"an HDF5 file with {elsewhere}", SAVE)
    if config is None:
        raise _not_a_model(path, "an HDF5 file without layers (weights only?)", SAVE)
    return _parsed(path, config.encode() if isinstance(config, str) else bytes(config), limits)


def _check_weights(path: Path, archive: zipfile.ZipFile, limits: Limits) -> None:
    """Refuse weights that lie outside of the archive, or that claim more than is stored."""
    for name in archive.namelist():
        if not name.endswith(".h5"):
            continue
        try:
            with archive.open(name) as weights:
                elsewhere = stored_elsewhere(weights, archive.getinfo(name).file_size, limits)
        except (OSError, KeyError, RuntimeError) as error:
            raise _not_a_model(path, f"weights that are damaged ({error})", "Copy or download it anew.") from error
        if elsewhere is not None:
            raise _not_a_model(path, f"weights with {elsewhere}", SAVE)


def code_in(config: Any) -> list[str]:
    """Names of what would run code of the file's author: Lambda layers, lambda functions, embedded SavedModels.

    Example:
        >>> code_in({"class_name": "Lambda", "config": {"name": "twice"}})
        ["layer 'twice' (Lambda)"]
    """
    found = []
    for part in parts(config):
        inner = part.get("config")
        name = inner.get("name", "?") if isinstance(inner, dict) else "?"
        if part.get("class_name") in _CODE_LAYERS:
            found.append(f"layer '{name}' ({part['class_name']})")
        elif part.get("class_name") == "__lambda__":
            found.append("a lambda function")
    layers = [entry for entry in found if entry.startswith("layer")]
    return layers or found  # a Lambda layer's function is a part of it


def _check_zip(path: Path, limits: Limits) -> str:
    """Tell a .keras file from other zip archives."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            fault = archive_fault(archive, path.stat().st_size, limits)
            damaged = None if fault else archive.testzip()
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise _not_a_model(path, f"a zip file that is cut off ({error})", "Copy or download it anew.") from error
    if fault:
        raise _not_a_model(path, fault, SAVE)
    if damaged:
        raise _not_a_model(path, f"a zip file whose part '{damaged}' is damaged", "Copy or download it anew.")
    if any(name.endswith((".pkl", ".pickle")) for name in names):
        raise _not_a_model(path, f"an archive with {PICKLE} (PyTorch?)", SAVE)
    if "config.json" not in names:
        raise _not_a_model(path, "a zip file without config.json", SAVE)
    _require_suffix(path, (".keras",))
    return "keras"


def _require_suffix(path: Path, suffixes: tuple[str, ...]) -> None:
    """Keras chooses how to read a file by its name alone."""
    if path.suffix not in suffixes:
        raise _not_a_model(
            path, f"a {suffixes[0]} file under another name", f"Rename it to '{path.stem}{suffixes[0]}'."
        )


def _parsed(path: Path, text: bytes, limits: Limits) -> Any:
    if len(text) > limits.description_bytes:
        raise too_large(f"the description of the layers in {path}", len(text), limits.description_bytes)
    if (deep := nesting(text)) > limits.nesting:
        raise _not_a_model(path, f"a description nested {deep} deep, where {limits.nesting} is the most", SAVE)
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _not_a_model(path, f"a file whose description is no JSON ({error})", SAVE) from error


def _not_a_model(path: Path, received: str, remedy: str) -> ValueError:
    return ValueError(
        f"Expected a Keras model (.keras, .h5 or a SavedModel folder). Received '{path}': {received}. {remedy}"
    )
