"""What is served and what is not: a model of each kind, each with data of its own."""

from __future__ import annotations

import warnings

import keras
import numpy as np
import pytest

from featurelens.scripts.cli import main

KINDS = {
    "number": ((8, 8, 1), [keras.layers.Flatten(), keras.layers.Dense(1)]),
    "mask": ((8, 8, 1), [keras.layers.Conv2D(3, 1, activation="softmax")]),
    "series": ((8, 2), [keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")]),
    "labels": (
        (8, 8, 1),
        [keras.layers.Conv2D(2, 3), keras.layers.Flatten(), keras.layers.Dense(3, activation="sigmoid")],
    ),
}


@pytest.fixture(scope="module")
def kinds(tmp_path_factory):
    """A model of each kind, and data whose labels are classes, numbers, several labels."""
    folder, draw = tmp_path_factory.mktemp("kinds"), np.random.default_rng(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Keras's own, of NumPy
        for name, (shape, layers) in KINDS.items():
            keras.Sequential([keras.Input(shape), *layers]).save(folder / f"{name}.keras")
    images = draw.random((30, 8, 8, 1), dtype=np.float32)
    labels = {
        "of_classes": np.arange(30) % 3,
        "of_numbers": draw.random(30),
        "of_labels": np.tile([[1, 1, 0], [0, 1, 1]], (15, 1)),
    }
    for name, values in labels.items():
        np.savez(folder / f"{name}.npz", images=images, labels=values)
    return folder


@pytest.mark.parametrize(
    ("model", "data", "received", "remedy"),
    [
        ("number", "of_numbers", "answers a number", "--task regression"),
        ("number", "of_classes", "answers a number", "--task regression"),
        ("mask", "of_classes", "answers (8, 8, 3)", "write_segmentation_report"),
        ("series", "of_classes", "takes (8, 2)", "explain and evaluate"),
        ("labels", "of_labels", "several labels", "--task labels"),
    ],
)
def test_what_names_no_class_is_refused_for_what_it_is(kinds, capsys, model, data, received, remedy):
    with pytest.raises(SystemExit) as ended:
        main(
            ["serve", str(kinds / f"{model}.keras"), "--data", str(kinds / f"{data}.npz"), "--scale", "0-1", "--check"]
        )
    told = " ".join(capsys.readouterr().err.split())
    assert ended.value.code == 1 and "Traceback" not in told
    assert "Expected a model that names one class for each picture" in told and received in told and remedy in told


def test_of_independent_answers_it_is_said_that_others_may_be_true(kinds, capsys):
    with pytest.raises(SystemExit) as ended:
        main(
            ["serve", str(kinds / "labels.keras"), "--data", str(kinds / "of_classes.npz"), "--scale", "0-1", "--check"]
        )
    assert ended.value.code == 0
    assert "others may be true beside it" in capsys.readouterr().out
