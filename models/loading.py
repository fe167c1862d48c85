"""Load a shipped model by its name, or any Keras model from its file, without running code that the file holds."""

import importlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .known_names import unknown_name
from .model_cards import ModelCard, card_path, read_model_card
from .model_formats import code_in, custom_in, model_config, model_format
from .saved_models import saved_model

SHIPPED_FOLDER = Path(__file__).parent / "pretrained"


def shipped_models() -> tuple[str, ...]:
    """Names of the trained models that come with the package, sorted."""
    return tuple(sorted(path.stem for path in SHIPPED_FOLDER.glob("*.keras")))


def model_path(name_or_path: str | Path) -> Path:
    """Where a model lies: a path that exists, or the file of a shipped name.

    Raises:
        ValueError: for neither; it lists the shipped names and the nearest.
    """
    path = Path(name_or_path)
    if path.exists():
        return path
    shipped = SHIPPED_FOLDER / f"{name_or_path}.keras"
    if str(name_or_path) in shipped_models():
        return shipped
    remedy = "Pass one of them, or the path of a .keras file, an .h5 file or a SavedModel folder that exists."
    raise unknown_name("shipped model", str(name_or_path), shipped_models(), remedy)


def is_shipped(name_or_path: str | Path) -> bool:
    """Whether a model is one of those that come with the package."""
    return model_path(name_or_path).resolve().parent == SHIPPED_FOLDER.resolve()


def load_model(
    name_or_path: str | Path, *, allow_code: bool = False, custom_objects: Mapping[str, Any] | None = None
) -> Any:
    """Load a model, not compiled.

    Args:
        name_or_path: a shipped name, or the path of a .keras file, a .h5 file or a SavedModel folder.
        allow_code: whether code inside the file may run: Lambda layers and SavedModel graphs. Only for files
            from someone you trust.
        custom_objects: classes and functions of your own that the model needs, by name; see
            `import_custom_objects`.

    Returns:
        a `keras.Model`.

    Raises:
        ValueError: for an unknown name, a file that is not a model, is cut off or is a pickle, code that was not
            allowed, or a custom object that is missing.

    Example:
        >>> load_model("zero_padded_dropout").output_shape
        (None, 10)
    """
    path = model_path(name_or_path)
    config = check_model(path, allow_code=allow_code)
    if config is None:
        return saved_model(path)
    return _load_file(path, config, allow_code, dict(custom_objects or {}))


def check_model(name_or_path: str | Path, *, allow_code: bool = False) -> Any:
    """The description of a model's layers, None for a SavedModel; read without TensorFlow.

    Raises:
        ValueError: as `load_model`, for all that can be told from the file alone.
    """
    path = model_path(name_or_path)
    kind = model_format(path)
    if kind == "saved_model":
        _refuse_code(path, ["a SavedModel graph"], allow_code)
        return None
    config = model_config(path, kind)
    _refuse_code(path, code_in(config), allow_code)
    return config


def model_card_of(name_or_path: str | Path) -> ModelCard | None:
    """The card beside a model, or None where there is none."""
    path = card_path(model_path(name_or_path))
    return read_model_card(path) if path.is_file() else None


def import_custom_objects(names: Sequence[str]) -> dict[str, Any]:
    """Import classes and functions given as 'module:name', looked for in the working directory too.

    Example:
        >>> import_custom_objects(["math:sqrt"])
        {'sqrt': <built-in function sqrt>}
    """
    found = {}
    if "" not in sys.path:
        sys.path.insert(0, "")
    for entry in names:
        module, _, name = entry.partition(":")
        try:
            found[name] = getattr(importlib.import_module(module), name)
        except (ImportError, AttributeError, ValueError) as error:
            raise ValueError(
                f"Expected a custom object as module:name, received '{entry}' ({error}). "
                "Start in the folder of the module, and check both names."
            ) from error
    return found


def _load_file(path: Path, config: Any, allow_code: bool, custom_objects: dict[str, Any]) -> Any:
    import keras

    try:
        return keras.saving.load_model(path, custom_objects=custom_objects, compile=False, safe_mode=not allow_code)
    except Exception as error:  # Keras raises whatever the first thing that fails raises
        missing = [name for name in custom_in(config) if name not in custom_objects]
        own = f"it has {', '.join(missing)}, which is not Keras's." if missing else str(error).strip().splitlines()[0]
        raise ValueError(
            f"Expected a model that Keras can load, received '{path}': {own} Name each layer and function of your "
            "own with --custom-objects module:name (load_model(custom_objects={'name': object})); "
            "where there are none, save it anew with this version of Keras."
        ) from error


def _refuse_code(path: Path, code: list[str], allow_code: bool) -> None:
    if code and not allow_code:
        raise ValueError(
            f"Expected a model without code of its own, received '{path}' with {', '.join(code)}: it could run "
            "anything on this computer. If you trust its author, pass --allow-code (load_model(allow_code=True))."
        )
