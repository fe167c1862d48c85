"""Measure the report on photos beside a bare script: `featurelens benchmark --report`.

The bare script decodes each photo and runs the model forward and backward, once. Each run has a process of its own, so that
its CPU time and its peak memory are its own; report and bare script run in turn. The cost of a photo is the slope between
two numbers of photos, the fixed cost what is left at none. The photos are random crops of the photographs that come with
scikit-image, written as JPEG into a temporary folder; the model is an untrained MobileNetV2 of 224 x 224 that scales the
pixels itself.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    import numpy as np

_SIDE, _BATCH = 224, 16
_PHOTOGRAPHS = ("astronaut.png", "chelsea.png", "coffee.png", "rocket.jpg")  # a class each


@dataclass(frozen=True)
class Run:
    """What one process took."""

    cpu: float  # seconds of user and system, from its start to its end
    seconds: float  # on the clock, likewise
    peak: float  # GB of memory, at most


def report_table(photos: int) -> str:
    """The table as Markdown, over a quarter of the photos and over all."""
    few = photos // 4
    with tempfile.TemporaryDirectory() as folder:
        runs: dict[tuple[str, int], Run] = {}
        for count in (few, photos):
            written = Path(folder, str(count))
            write_photos(written, count)
            for kind in _KINDS:
                runs[kind, count] = run = _in_a_process(kind, written)
                typer.echo(f"{_KINDS[kind][0]}, {count:,} photos: {run.cpu:.1f} CPU s, {run.peak:.2f} GB", err=True)
    return table(few, photos, runs)


def table(few: int, many: int, runs: dict[tuple[str, int], Run]) -> str:
    """What was measured, as Markdown.

    The report has no cost of a photo of its own: the tests of its maps cost the same for any number of photos, but vary
    between two runs by more than the photos cost. What a photo costs without them is taken for it.
    """
    lines = [
        f"MobileNetV2 at {_SIDE} x {_SIDE}, {few:,} and {many:,} photos, each run in a process of its own",
        "",
        f"| doing | CPU s, {few:,} | CPU s, {many:,} | s, {many:,} | GB, {few:,} | GB, {many:,} "
        "| CPU ms a photo | of the bare script's | fixed CPU s |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    cost_of_a_photo = {kind: (runs[kind, many].cpu - runs[kind, few].cpu) / (many - few) for kind in _KINDS}
    for kind, (name, _) in _KINDS.items():
        one, other = runs[kind, few], runs[kind, many]
        slope = cost_of_a_photo["untested" if kind == "report" else kind]
        shown = "– | –" if kind == "report" else f"{1000 * slope:.1f} | {slope / cost_of_a_photo['bare']:.2f}"
        lines.append(
            f"| {name} | {one.cpu:.1f} | {other.cpu:.1f} | {other.seconds:.1f} | {one.peak:.2f} | {other.peak:.2f} "
            f"| {shown} | {one.cpu - few * slope:.1f} |"
        )
    return "\n".join(lines)


def write_photos(folder: Path, count: int, seed: int = 0) -> None:
    """Write random crops of photographs as JPEG, a folder for each photograph.

    Raises:
        ValueError: scikit-image is not installed.
    """
    import cv2
    import numpy as np

    random = np.random.default_rng(seed)
    photographs = {Path(name).stem: np.asarray(cv2.imread(str(path))) for name, path in _photographs().items()}
    for name in photographs:
        (folder / name).mkdir(parents=True)
    names = list(photographs)
    for number in range(count):
        name = names[number % len(names)]
        crop = cv2.resize(_crop(photographs[name], random), (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
        cv2.imwrite(str(folder / name / f"{number:06}.jpg"), crop, [cv2.IMWRITE_JPEG_QUALITY, 90])


def _photographs() -> dict[str, Path]:
    from importlib.util import find_spec

    found = find_spec("skimage")
    if found is None or not found.submodule_search_locations:
        raise ValueError(
            "Expected scikit-image, whose photographs are cropped. Received an environment without it. "
            "Install it with `pip install scikit-image`."
        )
    folder = Path(next(iter(found.submodule_search_locations)), "data")
    return {name: folder / name for name in _PHOTOGRAPHS}


def _crop(photograph: np.ndarray, random: np.random.Generator) -> np.ndarray:
    height, width = photograph.shape[:2]
    side = int(random.integers(_SIDE, min(height, width) + 1))
    top, left = int(random.integers(height - side + 1)), int(random.integers(width - side + 1))
    return photograph[top : top + side, left : left + side]


def _in_a_process(kind: str, folder: Path) -> Run:
    command = [sys.executable, "-m", "featurelens.scripts.benchmarks.photo_report", kind, str(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode:
        raise RuntimeError(f"The run '{kind}' failed:\n{ended.stderr[-3000:]}")
    return Run(**json.loads(ended.stdout.splitlines()[-1]))


def _measured(kind: str, folder: Path) -> Run:
    """Run in this process, which was started for it, and tell what it took from its start on."""
    import resource
    import time

    before = time.time()
    _KINDS[kind][1](folder)
    used = resource.getrusage(resource.RUSAGE_SELF)
    scale = 1 if sys.platform == "darwin" else 1024  # bytes there, KiB elsewhere
    return Run(used.ru_utime + used.ru_stime, time.time() - before, used.ru_maxrss * scale / 1e9)


def _model(classes: int) -> Any:
    import keras

    keras.utils.set_random_seed(0)
    image = keras.Input((_SIDE, _SIDE, 3))
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1)(image)
    return keras.applications.MobileNetV2(input_tensor=scaled, weights=None, classes=classes)  # type: ignore[arg-type]


def _bare(folder: Path) -> None:
    """Decode each photo, and run the model forward and backward."""
    import cv2
    import numpy as np
    import tensorflow as tf

    model = _model(len(_PHOTOGRAPHS))

    @tf.function
    def step(batch: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(batch)
            score = tf.reduce_sum(tf.reduce_max(model(batch, training=False), axis=1))
        return score, tape.gradient(score, batch)

    files = sorted(folder.glob("*/*.jpg"))
    for start in range(0, len(files), _BATCH):
        decoded = [cv2.imread(str(file))[..., ::-1] for file in files[start : start + _BATCH]]  # type: ignore[index]
        for found in step(tf.constant(np.stack(decoded).astype(np.float32))):
            found.numpy()


def _report(folder: Path, **settings: Any) -> None:
    from featurelens.models import open_dataset
    from featurelens.reports import write_report

    model = _model(len(_PHOTOGRAPHS))
    write_report(model, open_dataset(folder, model=model), folder / "report.html", **settings)
    (folder / "report.html").unlink()


def _report_without_trust(folder: Path) -> None:
    _report(folder, trust_images=0)


_KINDS: dict[str, tuple[str, Callable[[Path], None]]] = {
    "bare": ("bare decode + forward + backward", _bare),
    "report": ("report", _report),
    "untested": ("report without testing its maps", _report_without_trust),
}


if __name__ == "__main__":
    typer.echo(json.dumps(asdict(_measured(sys.argv[1], Path(sys.argv[2])))))
