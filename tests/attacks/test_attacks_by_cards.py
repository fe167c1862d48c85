"""Cards and files of trust that lie beside a model and are of another kind, another model, or of no kind at all."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from attacks import Attack, as_parameters, refuse, sparse

from featurelens.models.model_files.loading import SHIPPED_FOLDER

CARD = json.loads((SHIPPED_FOLDER / "three_conv.json").read_text(encoding="utf-8"))
TRUST = json.loads((SHIPPED_FOLDER / "zero_padded_dropout.trust.json").read_text(encoding="utf-8"))
METHOD = next(iter(TRUST["trust"]["methods"]))


def beside(name: str, write: Callable[[Path], object]) -> Callable[[Path], object]:
    def make(folder: Path) -> None:
        shutil.copy(SHIPPED_FOLDER / "three_conv.keras", folder / "x.keras")
        write(folder / name)

    return make


def text(content: Any) -> Callable[[Path], object]:
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return lambda path: path.write_bytes(raw)


def card(name: str, content: Any, says: str) -> Attack:
    write = content if callable(content) else text(content)
    return Attack(name, beside("x.json", write), "inspect x.keras", f"x.json.*{says}")


def trust(name: str, content: Any, says: str) -> Attack:
    """A file of trust is read where it is to be updated, before TensorFlow."""
    write = content if callable(content) else text(content)
    line = "trust x.keras --data fashion_mnist --output x.trust.json --update --method saliency"
    return Attack(name, beside("x.trust.json", write), line, f"x.trust.json.*{says}")


def without(whole: dict[str, Any], *path: str) -> dict[str, Any]:
    changed = json.loads(json.dumps(whole))
    place = changed
    for name in path[:-1]:
        place = place[name]
    del place[path[-1]]
    return changed


def put(whole: dict[str, Any], value: Any, *path: str) -> dict[str, Any]:
    changed = json.loads(json.dumps(whole))
    place = changed
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    return changed


def raw(whole: dict[str, Any], value: bytes, *path: str) -> bytes:
    """With a value that Python's own writer refuses."""
    return json.dumps(put(whole, "HERE", *path)).encode().replace(b'"HERE"', value)


def of_any_kind(make: Callable[[str, Any, str], Attack], whole: dict[str, Any]) -> tuple[Attack, ...]:
    """What no file of JSON may be, whatever it is to hold."""
    return (
        make("empty", b"", "not JSON"),
        make("one byte", b"{", "not JSON"),
        make("bytes that are no UTF-8", b"\xff\x80", "not JSON"),
        make("a number", b"3", "format 'int'"),
        make("a list", [whole], "format 'list'"),
        make("a later format", put(whole, 2, "format"), "format '2'"),
        make("a format that is a list", put(whole, [1], "format"), "format"),
        make("a format of escapes", put(whole, "\x1b[2J\u202e" * 50, "format"), r"\\u001b"),
        make("no format", without(whole, "format"), "format"),
        make("nested without end", b'{"format":' * 100_000 + b"1" + b"}" * 100_000, "nested 100000 deep"),
        make("a number of ten thousand digits", raw(whole, b"9" * 10_000, "format"), "thousands of digits"),
        make("a number beyond all", raw(whole, b"1e999", "format"), "beyond all"),
        make("an infinity", raw(whole, b"Infinity", "format"), "Infinity"),
        make("a name twice", b'{"format": 1, "format": 1}', "twice"),
        make("an unknown field", {**whole, "more\x1b[2J": 1}, r"more\\u001b.*not known"),
        make("five gigabytes", lambda path: sparse(path, 5 * 2**30), "size-limit"),
        make("a hundred megabytes", lambda path: sparse(path, 100 * 2**20), "size-limit"),
    )


CARDS = (
    *of_any_kind(card, CARD),
    *(
        card(f"no {name}", without(CARD, name), f"'{name}' is missing")
        for name in CARD
        if name not in ("format", "weights")
    ),
    Attack(  # told once the model is loaded
        "of another model",
        beside("x.json", lambda path: shutil.copy(SHIPPED_FOLDER / "early_stopping.json", path)),
        "inspect x.keras",
        "x.json.*of the weights in 'x.keras'.*of others",
        seconds=120,
    ),
    card("a digest that is none", put(CARD, "abc", "weights"), "'weights'"),
    card("a digest that is a number", put(CARD, 3, "weights"), "'weights'"),
    card("a seed of text", put(CARD, "0", "seed"), "'seed'"),
    card("a seed that is true", put(CARD, True, "seed"), "'seed'"),
    card("a seed beyond 64 bits", put(CARD, 2**70, "seed"), "'seed'"),
    card("a shape of four", put(CARD, [28, 28, 1, 1], "input_shape"), "'input_shape'"),
    card("a shape below nought", put(CARD, [-28, 28, 1], "input_shape"), "'input_shape'"),
    card("a range that is turned round", put(CARD, [1, 0], "value_range"), "'value_range'"),
    card("a range that is not known", put(CARD, [None, 1], "value_range"), "'value_range'"),
    card("names that are one text", put(CARD, "abc", "class_names"), "'class_names'"),
    card("names that are numbers", put(CARD, [1, 2], "class_names"), "'class_names.0'"),
    card("names twice", put(CARD, ["a", "a"], "class_names"), "'class_names'"),
    card("no names", put(CARD, [], "class_names"), "'class_names'"),
    card("a best epoch behind the last", put(CARD, 99, "best_epoch"), "'best_epoch'"),
    card("a history of different lengths", put(CARD, [1.0], "history", "loss"), "'"),
    card("a history of text", put(CARD, ["low"] * 10, "history", "loss"), "'history.loss.0'"),
    card("a history that is a list", put(CARD, [1], "history"), "'history'"),
    card("results without an accuracy", put(CARD, {"test": {"loss": 1}}, "results"), "'results'"),
    card("results of text", put(CARD, {"test": {"accuracy": "high", "loss": 1}}, "results"), "'results.test.accuracy'"),
    card("counts of text", put(CARD, ["many"], "data", "training", "class_counts"), "data.training"),
    card("counts beyond 64 bits", put(CARD, [2**80], "data", "training", "class_counts"), "data.training"),
    card("a recipe of mappings", put(CARD, {"a": {"b": 1}}, "recipe", "optimizer"), "'recipe'"),
    card("a way to fit that there is not", put(CARD, "squeeze", "fit"), "'fit'"),
    card("code as preprocessing", put(CARD, ["os:system"], "preprocessing"), "'preprocessing'"),
)
FILES_OF_TRUST = (
    *of_any_kind(trust, TRUST),
    *(
        trust(f"no {name}", without(TRUST, name), f"'{name}' is missing")
        for name in ("trust", "model", "data", "weights", "images")
    ),
    trust("methods that are a list", put(TRUST, [], "trust", "methods"), "'trust.methods'"),
    trust("a method that is a number", put(TRUST, 3, "trust", "methods", METHOD), f"trust.methods.{METHOD}"),
    trust("a verdict that is missing", without(TRUST, "trust", "methods", METHOD, "verdict"), "verdict' is missing"),
    trust("images of text", put(TRUST, "all", "trust", "methods", METHOD, "images"), "images'"),
    trust("images beyond 64 bits", put(TRUST, 2**70, "trust", "methods", METHOD, "images"), "images'"),
    trust("shares of text", put(TRUST, ["a"], "trust", "methods", METHOD, "shares"), "shares.0'"),
    trust("shares without end", put(TRUST, [[[]]], "trust", "methods", METHOD, "shares"), "shares.0'"),
    trust("weights that are a number", put(TRUST, 5, "weights"), "'weights'"),
    trust("a plan that is missing", without(TRUST, "trust", "plan"), "'trust.plan' is missing"),
)
ODD_PLACES = (
    Attack(
        "a file of trust that is a device",
        beside("t.json", lambda path: path.symlink_to("/dev/zero")),
        "trust x.keras --data fashion_mnist --output t.json --update",
        "a device",
    ),
    Attack(
        "a card that is a pipe",
        beside("x.json", lambda path: os.mkfifo(path)),
        "trust x.keras --data fashion_mnist --output x.json --update",
        "a pipe",
    ),
)
ATTACKS = {"cards": CARDS, "files of trust": FILES_OF_TRUST, "odd places": ODD_PLACES}


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
@pytest.mark.parametrize("attack", as_parameters(ATTACKS))
def test_a_card_that_is_none_is_refused(
    attack: Attack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    refuse(attack, tmp_path, capfd)
