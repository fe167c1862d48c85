"""Ctrl-C in the middle of a report on photos leaves nothing behind: no page, no half of one, no temporary file."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import cv2
import keras
import numpy as np
import pytest

from featurelens.scripts.terminal.exit_codes import INTERRUPTED

_SIDE = 64
_PROGRAM = """
import os, signal
from featurelens.models.formats import stored_images
from featurelens.reports.evidence import seen
from featurelens.scripts.cli import main

signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts in the background ignores it, and its children do
stored_images.IN_MEMORY = 0  # these few lie in a temporary file, as many do
whole = seen.one_pass

def interrupted(*given, progress, **settings):
    def heard(*done):
        progress(*done)
        os.kill(os.getpid(), signal.SIGINT)  # Ctrl-C, where the pass has begun and cannot have ended
    return whole(*given, progress=heard, **settings)

seen.one_pass = interrupted
main()
"""
pytestmark = pytest.mark.filterwarnings(  # Keras's own, when it saves
    "ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"
)


def _photos(folder: Path) -> None:
    """Some of two classes."""
    random = np.random.default_rng(0)
    for number in range(24):
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
    words = ["report", "model.keras", "--data", "photos", "--output", "page.html", "--batch-size", "8"]
    ended = subprocess.run(
        [sys.executable, "-c", _PROGRAM, *words],
        cwd=tmp_path,
        env=os.environ | {"TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
    )
    assert "looking at every layer" in ended.stderr and ended.returncode == INTERRUPTED, ended.stderr
    assert "Interrupted. No half-written file is left." in ended.stderr
    assert list(temporary.iterdir()) == []
    assert not list(tmp_path.glob("*page*"))
