"""A single picture in another range than the model takes is warned of, as a set of them is."""

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
@pytest.mark.parametrize(("scale", "told"), [([], True), (["--scale", "0-255"], False)])
def test_it_is_told_until_the_scale_is_right(
    command: str,
    scale: list[str],
    told: bool,
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
    assert ("Pass --scale 0-255" in said) == told
    assert Path("out.png").exists()
