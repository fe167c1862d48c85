"""What kind of model file something is, told by its content, and whether it can be opened without running code of it.

A pickle runs whatever its author wrote into it, so it is never opened. A Lambda layer holds compiled Python.
"""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SAVE = "Save the model with `model.save('NAME.keras')` and pass that file."
PICKLE = "a pickle, which could run any code when opened"


def model_format(path: Path) -> str:
    """The format of a model: 'keras' (.keras), 'h5' (.h5, legacy) or 'saved_model' (a folder).

    Raises:
        ValueError: for anything else, and for files that are empty, cut off or misnamed, each with what to do.
    """
    if path.is_dir():
        if (path / "saved_model.pb").exists():
            return "saved_model"
        raise _not_a_model(path, "a folder without saved_model.pb", SAVE)
    with path.open("rb") as file:
        start = file.read(8)
    if not start:
        raise _not_a_model(path, "an empty file", SAVE)
    if start[:2] == b"PK":
        return _check_zip(path)
    if start == b"\x89HDF\r\n\x1a\n":
        _require_suffix(path, (".h5", ".hdf5"))
        return "h5"
    if start[0] == 0x80 and start[1] <= 5:
        raise _not_a_model(path, PICKLE, SAVE)
    raise _not_a_model(path, "a file of another kind", SAVE)


def model_config(path: Path, kind: str) -> Any:
    """The description of the layers that a 'keras' or 'h5' file holds, read without building anything."""
    if kind == "keras":
        with zipfile.ZipFile(path) as archive:
            return _parsed(path, archive.read("config.json"))
    import h5py

    try:
        with h5py.File(path, "r") as file:
            config = file.attrs.get("model_config")
    except OSError as error:
        raise _not_a_model(path, f"an HDF5 file that is cut off or damaged ({error})", "Copy it anew.") from error
    if config is None:
        raise _not_a_model(path, "an HDF5 file without layers (weights only?)", SAVE)
    return _parsed(path, config)


def code_in(config: Any) -> list[str]:
    """Names of what would run code of the file's author: Lambda layers, lambda functions, embedded SavedModels.

    Example:
        >>> code_in({"class_name": "Lambda", "config": {"name": "twice"}})
        ["layer 'twice' (Lambda)"]
    """
    found = []
    for part in _parts(config):
        inner = part.get("config")
        name = inner.get("name", "?") if isinstance(inner, dict) else "?"
        if part.get("class_name") in ("Lambda", "TFSMLayer"):
            found.append(f"layer '{name}' ({part['class_name']})")
        elif part.get("class_name") == "__lambda__":
            found.append("a lambda function")
    layers = [entry for entry in found if entry.startswith("layer")]
    return layers or found  # a Lambda layer's function is a part of it


def custom_in(config: Any) -> list[str]:
    """Names of the classes in a .keras file that are not Keras's own."""
    outside = [
        str(part["class_name"])
        for part in _parts(config)
        if part.get("registered_name") and not str(part.get("module") or "").startswith(("keras", "builtins"))
    ]
    return sorted(set(outside))


def _parts(config: Any) -> Iterator[dict[str, Any]]:
    """Every mapping in a nested description."""
    if isinstance(config, dict):
        yield config
    children = config.values() if isinstance(config, dict) else config if isinstance(config, list) else ()
    for child in children:
        yield from _parts(child)


def _check_zip(path: Path) -> str:
    """Tell a .keras file from other zip archives."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            damaged = archive.testzip()
    except zipfile.BadZipFile as error:
        raise _not_a_model(path, f"a zip file that is cut off ({error})", "Copy or download it anew.") from error
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


def _parsed(path: Path, text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise _not_a_model(path, f"a file whose description is no JSON ({error})", SAVE) from error


def _not_a_model(path: Path, received: str, remedy: str) -> ValueError:
    return ValueError(
        f"Expected a Keras model (.keras, .h5 or a SavedModel folder), received '{path}': {received}. {remedy}"
    )
