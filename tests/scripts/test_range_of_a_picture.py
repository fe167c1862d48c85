"""A single picture gets the range that the model's first layers state, as a set does; another one asked for is warned of."""

from __future__ import annotations

from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

from featurelens.scripts.cli import main

pytestmark = [
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
    pytest.mark.filterwarnings("default:The model rescales:UserWarning"),  # shown by the command, not raised
]


@pytest.mark.parametrize(
    "command",
    [
        "explain {model} --image {picture} --output out.png",
        "inspect {model} --layer conv --image {picture} --output out.png",
    ],
)
@pytest.mark.parametrize(
    ("scale", "told"),
    [([], "it gets them so"), (["--scale", "0-1"], "Pass --scale 0-255"), (["--scale", "0-255"], None)],
)
def test_the_range_is_read_from_the_model_or_what_was_asked_for_is_warned_of(
    command: str,
    scale: list[str],
    told: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    layers = keras.layers
    keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(2, 3, name="conv"),
            layers.Flatten(),
            layers.Dense(2, activation="softmax"),
        ]
    ).save("scaled.keras")
    cv2.imwrite("shades.png", np.arange(36, dtype=np.uint8).reshape(6, 6) * 7)
    try:
        main([*command.format(model="scaled.keras", picture="shades.png").split(), *scale])
    except SystemExit as stopped:
        assert stopped.code in (0, None)
    said = " ".join(capsys.readouterr().err.split())
    assert [words for words in ("it gets them so", "Pass --scale 0-255") if words in said] == ([told] if told else [])
    assert Path("out.png").exists()
