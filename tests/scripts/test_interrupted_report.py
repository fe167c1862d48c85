"""Ctrl-C in the middle of a report on photos leaves nothing behind: no page, no half of one, no temporary file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

from featurelens.models.datasets.image_store import IN_MEMORY
from featurelens.scripts.terminal.exit_codes import INTERRUPTED

_SIDE = 224
pytestmark = pytest.mark.filterwarnings(  # Keras's own, when it saves
    "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
)


def _photos(folder: Path) -> None:
    """As many as are kept in a temporary file."""
    random = np.random.default_rng(0)
    for number in range(IN_MEMORY // (4 * 3 * _SIDE**2) + 20):
        file = folder / "ab"[number % 2] / f"{number}.jpg"
        file.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(file), random.integers(0, 256, (_SIDE, _SIDE, 3), np.uint8))


def _model(path: Path) -> None:
    convolution = keras.layers.Conv2D(4, 7, strides=4, name="conv")
    layers = [convolution, keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2, activation="softmax")]
    keras.Sequential([keras.Input((_SIDE, _SIDE, 3)), *layers]).save(path)


@pytest.mark.skipif(os.name == "nt", reason="sends the signal of Ctrl-C to a process")
def test_nothing_is_left_of_an_interrupted_report(tmp_path: Path) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    _photos(tmp_path / "photos")
    _model(tmp_path / "model.keras")
    command = [sys.executable, "-m", "featurelens", "report", "model.keras", "--data", "photos"]
    running = subprocess.Popen(
        [*command, "--output", "page.html"],
        cwd=tmp_path,
        env=os.environ | {"TMPDIR": str(temporary)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr is not None
    told = next(line for line in running.stderr if "looking at every layer" in line or "Error" in line)
    assert "Error" not in told
    running.send_signal(signal.SIGINT)
    rest = running.communicate(timeout=60)[1]
    assert running.returncode == INTERRUPTED, rest
    assert "Interrupted. No half-written file is left." in rest
    assert list(temporary.iterdir()) == []
    assert not list(tmp_path.glob("*page*"))
