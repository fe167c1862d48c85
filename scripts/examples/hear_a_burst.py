"""A folder of sounds: a small network of Conv1D, and its report with what speaks for each class behind the curves.

Writes sounds/ (WAV, a folder per class), burst.keras, burst.html and figures.json into the folder where it is started.
"""

from __future__ import annotations

import json
import wave
from pathlib import Path
from typing import Any

import keras
import numpy as np

from featurelens.models import open_signals
from featurelens.reports import write_report

RATE, LENGTH = 1000, 96


def main(folder: Path = Path()) -> None:
    """Hide a burst in the second half of every other sound, train on them, and say where the model hears it."""
    draw = np.random.default_rng(0)
    for number in range(80):
        sound = draw.normal(scale=0.05, size=LENGTH)
        if number % 2:
            start = int(draw.integers(50, 76))
            sound[start : start + 12] += 0.6 * np.sin(np.arange(12) * 1.5)
        _write(folder / "sounds" / ("calm", "burst")[number % 2] / f"{number:02}.wav", sound)
    layers = keras.layers
    parts = [layers.Conv1D(8, 9, padding="same", activation="relu"), layers.GlobalMaxPooling1D(), layers.Dense(2)]
    model: Any = keras.Sequential([keras.Input((LENGTH, 1)), *parts, layers.Softmax()], name="burst")
    sounds = open_signals(folder / "sounds", model=model)
    model.compile(keras.optimizers.Adam(0.03), "sparse_categorical_crossentropy")
    model.fit(sounds.images, sounds.labels, epochs=12, verbose=0)
    model.save(folder / "burst.keras")
    write_report(model, sounds, folder / "burst.html", trust_images=0, json=folder / "figures.json")
    print(sounds.notes[0])
    for found in json.loads((folder / "figures.json").read_text())["signals"]["classes"]:
        for span in found["spans"]:
            where = "nowhere" if span is None else f"from {span['first'] / RATE:.3f} to {span['last'] / RATE:.3f} s"
            print(f"half of what speaks for {sounds.class_names[found['label']]} lies {where}")


def _write(path: Path, sound: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, RATE, 0, "NONE", ""))
        file.writeframes((sound.clip(-1, 1) * 32767).astype("<i2").tobytes())


if __name__ == "__main__":
    main()
