"""Load a shipped model by its name, or any Keras model from its file, without running code that the file holds."""

import contextlib
import importlib
import sys
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from ...kinds import checks_kinds
from ..file_limits import LIMITS, Limits
from ..keras_backend import keras_on_tensorflow
from ..known_names import unknown_name
from ..quiet_start import start_tensorflow
from ..visible_text import visible
from .cards import ModelCard, card_of, card_path, read_model_card, remember_card, require_own_card
from .contents import foreign_names, unusable_name
from .file_formats import code_in, model_config, model_format
from .keras_2 import cause, load_by_tf_keras, version_of
from .saved_models import saved_model
from .weights import weights_fingerprint

SHIPPED_FOLDER = Path(__file__).parent.parent / "pretrained"


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


@checks_kinds
def load_model(
    name_or_path: str | Path,
    *,
    allow_code: bool = False,
    custom_objects: Mapping[str, Any] | None = None,
    limits: Limits = LIMITS,
) -> Any:
    """Load a model, not compiled.

    Args:
        name_or_path: a shipped name, or the path of a .keras file, a .h5 file or a SavedModel folder.
        allow_code: whether code inside the file may run: Lambda layers and SavedModel graphs. Only for files
            from someone you trust.
        custom_objects: classes and functions of your own that the model needs, by name; see
            `import_custom_objects`.
        limits: the most that the file may hold.

    Returns:
        a `keras.Model`.

    Raises:
        ValueError: for an unknown name, a file that is not a model, is cut off, is a pickle or points out of itself,
            code that was not allowed, a name in the file that is neither Keras's nor a custom object, or more than
            `limits`; or where the card beside it is of other weights.

    Example:
        >>> load_model("zero_padded_dropout").output_shape
        (None, 10)
    """
    path = model_path(name_or_path)
    config = check_model(path, allow_code=allow_code, known=custom_objects or {}, limits=limits)
    start_tensorflow()  # what is refused was refused before
    model = saved_model(path) if config is None else _loaded(path, allow_code, custom_objects or {}, limits)
    card = None
    with contextlib.suppress(ValueError):  # a damaged card is told where it is asked for, not where a model is loaded
        card = model_card_of(path)
    if card is not None:
        require_own_card(card, card_path(path), weights_fingerprint(model), path)
        remember_card(model, card)
    return model


def _loaded(path: Path, allow_code: bool, custom_objects: Mapping[str, Any], limits: Limits) -> Any:
    version = version_of(path, model_format(path, limits))
    if version.startswith("2.") and path.suffix == ".keras":
        return load_by_tf_keras(path, version, allow_code=allow_code, custom_objects=custom_objects)
    return _load_file(path, version, allow_code, dict(custom_objects))


def check_model(
    name_or_path: str | Path, *, allow_code: bool = False, known: Collection[str] = (), limits: Limits = LIMITS
) -> Any:
    """The description of a model's layers, None for a SavedModel; read without TensorFlow.

    Args:
        name_or_path, allow_code, limits: as for `load_model`.
        known: names of the classes and functions of your own that will be given.

    Raises:
        ValueError: as `load_model`, for all that can be told from the file alone.
    """
    path = model_path(name_or_path)
    kind = model_format(path, limits)
    if kind == "saved_model":
        _refuse_code(path, ["a SavedModel graph"], allow_code)
        return None
    config = model_config(path, kind, limits)
    _refuse_unusable_name(path, config)
    _refuse_code(path, code_in(config), allow_code)
    if not allow_code:
        _refuse_foreign(path, foreign_names(config, known))
    return config


def model_card_of(name_or_path: str | Path | Any) -> ModelCard | None:
    """The card beside a model file, or the one that a loaded model came with; None where there is none."""
    if not isinstance(name_or_path, (str, Path)):
        return card_of(name_or_path)
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
                f"Expected a custom object as module:name. Received '{entry}' ({error}). "
                "Start in the folder of the module, and check both names."
            ) from error
    return found


def _load_file(path: Path, version: str, allow_code: bool, custom_objects: dict[str, Any]) -> Any:
    keras = keras_on_tensorflow()
    try:
        return keras.saving.load_model(path, custom_objects=custom_objects, compile=False, safe_mode=not allow_code)
    except Exception as error:  # Keras raises whatever the first thing that fails raises
        if version.startswith("2."):
            return load_by_tf_keras(path, version, allow_code=allow_code, custom_objects=custom_objects)
        raise ValueError(
            f"Expected a model that Keras can load. Received '{path}': {cause(error)} Name each layer and function of your "
            "own with --custom-objects module:name (load_model(custom_objects={'name': object})); "
            "where there are none, save it anew with this version of Keras."
        ) from error


def _refuse_unusable_name(path: Path, config: Any) -> None:
    """TensorFlow names each part of a graph after its layer: other letters end a prediction in Keras too."""
    name = unusable_name(config)
    if name is not None:
        raise ValueError(
            f"Expected names of letters, digits and _ . - for the model and its layers, as TensorFlow takes them, the model's "
            f"beginning with a letter. Received '{visible(name, 80)}' in '{path}'. Build the model with another name, and "
            "copy the weights: new.set_weights(old.get_weights())."
        )


def _refuse_code(path: Path, code: list[str], allow_code: bool) -> None:
    if code and not allow_code:
        raise ValueError(
            f"Expected a model without code of its own. Received '{path}' with {', '.join(code)}: it could run "
            "anything on this computer. If you trust its author, pass --allow-code (load_model(allow_code=True))."
        )


def _refuse_foreign(path: Path, names: list[str]) -> None:
    if not names:
        return
    own = [name for name in names if name.count(".") and " " not in name]
    module, _, last = own[0].rpartition(".") if own else ("module", "", "name")
    raise ValueError(
        f"Expected a model made of Keras's own layers. Received '{path}', which names {', '.join(names[:5])}"
        f"{', ...' if len(names) > 5 else ''}. If it is your own, pass --custom-objects {module}:{last} "
        f"(load_model(custom_objects={{'{last}': ...}})); if it is not, do not open the file."
    )
