"""The model card: a JSON file beside the weights that says how they were made and what they reach."""

import csv
import json
import platform
import re
import weakref
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ... import Record
from ..json_files import read_json
from ..records import from_twin
from ..visible_text import visible
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
    weights: str | None = (
        None  # SHA-256 of the weights that it is of (`weights_fingerprint`); None: of before this was written
    )


_cards: weakref.WeakKeyDictionary[Any, ModelCard] = weakref.WeakKeyDictionary()  # of the models that were loaded


def remember_card(model: Any, card: ModelCard) -> None:
    """Keep the card of a loaded model for as long as the model is there."""
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
        ValueError: The file is no model card, is of a later format, or a field is missing, unknown or of a wrong kind; the
            message names the file and the field.
    """
    remedy = "Train the model again with `featurelens train`, or delete the card: the model works without it."
    expected = f"Expected the model card of featurelens, format {FORMAT}, in '{path}'"
    try:
        content = read_json(path)
    except ValueError as error:
        raise ValueError(f"{expected}. Received a file that {error}. {remedy}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        found = visible(content.get("format"), 40) if isinstance(content, dict) else type(content).__name__
        raise ValueError(f"{expected}. Received JSON with the format '{found}'. {remedy}")
    try:
        card = from_twin(ModelCard, {name: value for name, value in content.items() if name != "format"})
        _require_sense(card)
    except ValueError as error:
        raise ValueError(f"{expected}. Received one in which {error}. {remedy}") from error
    return card


def require_own_card(card: ModelCard, card_file: Path, weights: str, model_file: Path) -> None:
    """Refuse a card of other weights; one that does not say of which weights it is is taken.

    A card of another model would give wrong class names, and pixels in a wrong range: nothing that it says may be used, and to
    go on without it would be as wrong where it was the right one of a model that is damaged. So the user decides.

    Args:
        card, card_file: The card, and where it lies.
        weights: SHA-256 of the model's weights (`weights_fingerprint`).
        model_file: Where these lie.

    Raises:
        ValueError: The model has other weights than those that the card was written for.
    """
    if card.weights not in (None, weights):
        raise ValueError(
            f"Expected the card '{card_file}' to be of the weights in '{model_file}'. Received a card of others: one of the two "
            "files was changed or exchanged. Put back the file that belongs to the other, or delete the card: the model works "
            "without it."
        )


def _require_sense(card: ModelCard) -> None:
    """Refuse values that no training writes, with a clause that names the field."""
    low, high = card.value_range
    shortest = len(card.history.get("loss", ()))
    names = card.class_names
    sensible = {
        "value_range": low < high,
        "input_shape": all(0 < length < 2**20 for length in card.input_shape),
        "class_names": bool(names) and len(set(names)) == len(names),
        "parameters": card.parameters >= 0,
        "best_epoch": 0 < card.best_epoch <= shortest,
        "history": all(len(column) == shortest for column in card.history.values()),
        "results": all({"accuracy", "loss"} <= result.keys() for result in card.results.values()),
        "recipe": all(_is_plain(value) for value in card.recipe.values()),
        "weights": card.weights is None or re.fullmatch("[0-9a-f]{64}", card.weights) is not None,
        "fit": card.fit in (None, "stretch", "crop", "pad"),
    }
    odd = next((name for name, makes_sense in sensible.items() if not makes_sense), None)
    if odd is not None:
        raise ValueError(f"the field '{odd}' holds what no training writes ({visible(getattr(card, odd), 60)})")
    for split, facts in card.data.items():
        known = {name: facts[name] for name in ("images", "class_counts", "files", "also_in_training") if name in facts}
        try:
            from_twin(_Split, known)
        except ValueError as error:
            raise ValueError(f"under 'data.{visible(split, 40)}' {error}") from error


@dataclass(frozen=True)
class _Split:
    """What a card tells of the images of one split."""

    images: int
    class_counts: tuple[int, ...] = ()
    files: dict[str, str] | None = None
    also_in_training: int = 0


def _is_plain(value: Any) -> bool:
    return (
        value is None
        or isinstance(value, (str, int, float))
        or (isinstance(value, list) and all(map(_is_plain, value)))
    )


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
