"""A service that really listens, of a small model or of the shipped one, in a thread of this process."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import httpx
import keras
import numpy as np
from small_models import conv, seeded
from waiting import PATIENCE, until

from featurelens.models.datasets.dataset import Dataset
from featurelens.models.formats.reading import Reading
from featurelens.scripts.serving.answers.served_model import ServedModel, served_model
from featurelens.scripts.serving.application import listener
from featurelens.scripts.serving.service import Service
from featurelens.scripts.serving.settings import Settings

CLASSES = ("ape", "bee", "<cat>")
PIXELS = np.random.default_rng(5).integers(0, 256, (6, 12, 10, 1), dtype=np.uint8)


def small_served(folder: Path, name: str = "small", seed: int = 1, reading: Reading | None = None) -> ServedModel:
    """A seeded network of 12 x 10 grey pixels and three classes, with 300 references of noise."""
    layers = [conv("conv1", 4, seed), conv("conv2", 5, seed + 1), keras.layers.Flatten()]
    layers += [keras.layers.Dense(6, activation="relu", name="hidden", **seeded(4))]
    layers += [keras.layers.Dense(3, activation="softmax", name="answer", **seeded(3))]
    model = keras.Sequential([keras.Input((12, 10, 1)), *layers])
    draw = np.random.default_rng(0)
    images = draw.random((300, 12, 10, 1), dtype=np.float32)
    labels = draw.integers(0, 3, 300)
    path = folder / f"{name}.keras"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Keras's own, of NumPy
        model.save(path)
    data = Dataset(images, labels, CLASSES, "noise")
    return served_model(name, path, model, data, reading or Reading(), None, most_pixels=250_000)


@dataclass(frozen=True, eq=False)
class Live:
    """A service and where it listens."""

    service: Service
    listening: Any
    port: int
    thread: threading.Thread

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


PATIENT = {
    "port": 0,
    "log": False,
    "deadline": PATIENCE,
    "most_seconds": 10 * PATIENCE,
    "header_seconds": PATIENCE,
    "body_seconds": PATIENCE,
    "job_seconds": PATIENCE,
    "drain_seconds": PATIENCE,
}  # a machine that stands still for seconds is refused nothing


@contextmanager
def listens(*models: ServedModel, **settings: Any) -> Iterator[Live]:
    """The service, once it listens, which it may do before it is ready; stopped afterwards."""
    service, listening = listener(models, Settings(**{**PATIENT, **settings}))
    thread = threading.Thread(target=listening.run, daemon=True)
    thread.start()
    until(lambda: listening.started or not thread.is_alive())
    assert listening.started, "the service did not start"
    port = listening.servers[0].sockets[0].getsockname()[1]
    try:
        yield Live(service, listening, port, thread)
    finally:
        listening.should_exit = True
        thread.join(PATIENCE)
        assert not thread.is_alive(), "the service did not stop"


@contextmanager
def live(*models: ServedModel, **settings: Any) -> Iterator[Live]:
    """The service, once it is ready; stopped afterwards."""
    with listens(*models, **settings) as found:
        until(lambda: found.service.is_ready or not found.thread.is_alive())
        assert found.service.is_ready, "the service did not get ready"
        yield found


def asking(found: Live) -> httpx.Client:
    """A client that waits for its answers."""
    return httpx.Client(base_url=found.url, timeout=PATIENCE)


def png(pixels: np.ndarray) -> bytes:
    """The bytes of a PNG of uint8 pixels."""
    return cv2.imencode(".png", pixels)[1].tobytes()


FIRST_PICTURE = png(PIXELS[0])
