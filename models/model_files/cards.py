"""The model card: a JSON file beside the weights that says how they were made and what they reach."""

import csv
import json
import platform
import weakref
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ... import Record
from .partial_files import written_whole

FORMAT = 1


@dataclass(frozen=True, eq=False)
class ModelCard(Record):
    """What is known of a trained model beside its weights."""

    name: str  # of the architecture
    recipe: dict[str, Any]  # field of `Recipe` -> value
    seed: int  # of the training
    input_shape: tuple[int, int, int]  # height, width, channels
    value_range: tuple[float, float]  # lowest and highest pixel value that the model takes
    class_names: tuple[str, ...]  # [K], by label
    parameters: int  # number of weights, trainable or not
    best_epoch: int  # counted from 1: the epoch whose weights these are
    history: dict[str, list[float]]  # 'loss', 'accuracy', 'val_loss', 'test_loss', ... -> one number per epoch
    results: dict[str, dict[str, float]]  # 'training', 'validation', 'test' -> 'accuracy' in [0,1], 'loss', 'images'
    data: dict[
        str, dict[str, Any]
    ]  # 'training', 'test' -> 'images', 'class_counts' [K], 'files' (name -> SHA-256), ...
    versions: dict[str, str]  # 'python', 'tensorflow', 'keras', 'numpy'
    training_seconds: float  # wall clock of all epochs, also of those before an interruption
    preprocessing: str | None = None  # as --preprocess names it; None: the pixels were only brought to value_range
    interpolation: str | None = None  # how pictures were resized; None: they were of this size
    fit: str | None = None  # 'stretch', 'crop' or 'pad', where they were resized


_cards: weakref.WeakKeyDictionary[Any, ModelCard] = weakref.WeakKeyDictionary()  # of the models that were loaded


def remember_card(model: Any, card: ModelCard | None) -> None:
    """Keep the card of a loaded model for as long as the model is there; None: it has none."""
    if card is not None:
        _cards[model] = card


def card_of(model: Any) -> ModelCard | None:
    """The card that a loaded model came with; None where it came without, or was made here."""
    try:
        return _cards.get(model)
    except TypeError:  # nothing that can be looked up, such as a name
        return None


def card_path(weights: Path) -> Path:
    """Where the card of a model file lies: beside it, under the same name, ending in .json."""
    return weights.with_suffix(".json")


def versions() -> dict[str, str]:
    """The versions that decide how a training goes."""
    import keras
    import numpy
    import tensorflow

    return {
        "python": platform.python_version(),
        "tensorflow": tensorflow.__version__,
        "keras": keras.__version__,
        "numpy": numpy.__version__,
    }


def write_model_card(card: ModelCard, path: Path) -> None:
    """Write the card as JSON; an older file is replaced in one step."""
    text = json.dumps({"format": FORMAT, **asdict(card)}, indent=1, ensure_ascii=False)
    with written_whole(path) as partial:
        partial.write_text(text + "\n", encoding="utf-8")


def read_model_card(path: Path) -> ModelCard:
    """Read a card.

    Raises:
        ValueError: where the file is not JSON, not a model card, of a later format, or lacks a field.
    """
    remedy = "Train the model again with `featurelens train`, or delete the card: the model works without it."
    expected = f"Expected the model card of featurelens, format {FORMAT}, in '{path.name}'"
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise ValueError(f"{expected}. Received a file that is not JSON ({error}). {remedy}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        found = content.get("format") if isinstance(content, dict) else type(content).__name__
        raise ValueError(f"{expected}. Received JSON with the format {found!r}. {remedy}")
    names = {field.name for field in fields(ModelCard)}
    later = {"preprocessing", "interpolation", "fit"}  # cards of before lack them
    missing = sorted(names - later - content.keys())
    if missing:
        raise ValueError(f"{expected}. Received one without {', '.join(missing)}. {remedy}")
    return ModelCard(**{name: _frozen(name, content[name]) for name in names & content.keys()})


def _frozen(name: str, value: Any) -> Any:
    """JSON has no tuples: those of the record come back as lists."""
    return tuple(value) if name in ("input_shape", "value_range", "class_names") else value


Row = dict[str, float]  # one epoch: 'loss', 'accuracy', 'val_loss', 'val_accuracy', 'test_loss', 'learning_rate'


def write_history(rows: list[Row], path: Path) -> None:
    """Write one line per epoch, a header first, 'epoch' counted from 1."""
    columns = ["epoch", *rows[0]] if rows else ["epoch"]
    with written_whole(path) as partial, partial.open("w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, columns)
        table.writeheader()
        table.writerows({"epoch": number, **row} for number, row in enumerate(rows, start=1))


def read_history(path: Path) -> list[Row]:
    """Read what `write_history` wrote; numbers come back exactly as they were."""
    with path.open(newline="", encoding="utf-8") as file:
        return [{key: float(value) for key, value in row.items() if key != "epoch"} for row in csv.DictReader(file)]
