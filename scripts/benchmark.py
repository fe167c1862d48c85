"""Measure the one pass beside a bare forward and backward run and beside tf-keras-vis: `featurelens benchmark`.

All contenders run in turn, over and over, in one process, so that a drift of the machine's speed meets all of them; a
ratio is the median of the ratios of runs side by side.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from featurelens.scripts.benchmarks.attribution_methods import methods_table
from featurelens.scripts.benchmarks.photo_report import report_table
from featurelens.scripts.options.records import takes_records

if TYPE_CHECKING:
    import numpy as np

Contender = Callable[[], object]

LAYERS = ("conv1", "conv2")
_BELONGING = {  # what is measured -> the options of that alone
    "report": ("photos",),
    "serve": ("requests",),
    "scale": ("scale_images", "kills"),
    "shortcuts": ("plants", "kinds", "keep"),
}


@dataclass(frozen=True)
class Instead:
    """What else is measured, in the place of the one pass."""

    methods: Annotated[bool, typer.Option("--methods", help="Time the methods of many passes instead.")] = False
    report: Annotated[bool, typer.Option("--report", help="Measure the report on photos instead.")] = False
    photos: Annotated[int, typer.Option(min=16, help="With --report: on so many, and on a quarter.")] = 1000
    serve: Annotated[bool, typer.Option("--serve", help="Measure the web service on this machine instead.")] = False
    requests: Annotated[int, typer.Option(min=640, help="With --serve: so many of each contender in each round.")] = (
        4000
    )
    scale: Annotated[bool, typer.Option("--scale", help="Measure extraction, and try to break it, instead.")] = False
    scale_images: Annotated[int, typer.Option(min=20_480, help="With --scale: images of the long run.")] = 100_000
    shortcuts: Annotated[
        bool, typer.Option("--shortcuts", help="Plant shortcuts and count what is found, instead; an hour.")
    ] = False
    plants: Annotated[int, typer.Option(min=1, help="With --shortcuts: runs of each kind.")] = 20
    kinds: Annotated[
        str | None, typer.Option(help="With --shortcuts: these alone, such as 'photos:letters,digits:nothing'.")
    ] = None
    keep: Annotated[
        Path | None, typer.Option(help="With --shortcuts: keep the networks in this folder, and take them again.")
    ] = None
    kills: Annotated[int, typer.Option(min=1, help="With --scale: how often a run is killed.")] = 10


@takes_records
def benchmark(
    images: Annotated[int, typer.Option(min=1, max=10000, help="How many test images.")] = 2048,
    batch_size: Annotated[int, typer.Option(min=1, help="Images at a time.")] = 256,
    rounds: Annotated[int, typer.Option(min=1, help="Runs of each contender.")] = 15,
    instead: Instead = Instead(),
) -> None:
    """Time the shipped model: activations of both convolutions, Grad-CAM and saliency, as NumPy arrays."""
    _refuse_contradictions(instead)
    if instead.report:
        typer.echo(report_table(instead.photos))
        return
    if instead.serve:
        from featurelens.scripts.serving.measuring.rounds import serve_lines

        for line in serve_lines(instead.requests, min(rounds, 3)):
            typer.echo(line)
        return
    if instead.scale:
        from featurelens.scripts.benchmarks.large_sets import Scale, scale_lines

        for line in scale_lines(Scale(instead.scale_images, min(rounds, 3), instead.kills)):
            typer.echo(line)
        return
    if instead.shortcuts:
        from featurelens.scripts.benchmarks.planted_shortcuts import shortcut_lines

        for line in shortcut_lines(instead.plants, instead.kinds, instead.keep):
            typer.echo(line)
        return
    from featurelens.models import fashion_mnist
    from featurelens.scripts.options.opening import DEFAULT_MODEL, load_with_card

    model, _ = load_with_card(DEFAULT_MODEL)
    pictures = fashion_mnist("test").images[:images]
    if instead.methods:
        typer.echo(methods_table(model, pictures, rounds))
        return
    seconds = measure(contenders(model, pictures, batch_size), rounds)
    typer.echo(table(seconds, images, batch_size))


def _refuse_contradictions(instead: Instead) -> None:
    """An error where two things are to be measured, or an option belongs to one that is not: a run takes minutes."""
    modes = [each for each in ("methods", "report", "serve", "scale", "shortcuts") if getattr(instead, each)]
    if len(modes) > 1:
        raise ValueError(
            f"Expected one thing to measure. Received {', '.join(f'--{each}' for each in modes)}. Leave out all but one."
        )
    usual = Instead()
    for mode, options in _BELONGING.items():
        for option in options:
            if getattr(instead, option) != getattr(usual, option) and not getattr(instead, mode):
                name = option.replace("_", "-")
                raise ValueError(
                    f"Expected --{name} with --{mode}. Received it without. Add --{mode}, or leave --{name} out."
                )


def contenders(model: Any, images: np.ndarray, batch_size: int) -> dict[str, Contender]:
    """What is timed, by its name in the table; the first is the measure of the others."""
    from featurelens.interpret import Explainer, GradCAM

    one_pass = Explainer(model, LAYERS)
    grad_cam = GradCAM(model)

    return {
        "bare forward + backward": _bare(model, images, batch_size),
        "one pass, streamed": lambda: deque(one_pass.stream(images, batch_size=batch_size), maxlen=0),
        "one pass, gathered in new arrays": lambda: one_pass(images, batch_size=batch_size),
        "Grad-CAM alone": lambda: grad_cam(images, batch_size=batch_size),
        "tf-keras-vis": _tf_keras_vis(model, images, batch_size),
    }


def measure(timed: dict[str, Contender], rounds: int) -> dict[str, list[float]]:
    """Seconds of each run of each contender, all in turn; one round before is not counted."""
    seconds: dict[str, list[float]] = {name: [] for name in timed}
    for counted in range(rounds + 1):
        for name, run in timed.items():
            start = time.perf_counter()
            run()
            if counted:
                seconds[name].append(time.perf_counter() - start)
    return seconds


def table(seconds: dict[str, list[float]], images: int, batch_size: int) -> str:
    """The table as Markdown: median seconds, and the median ratio to the first contender, run by run."""
    import statistics

    measure_of_all = next(iter(seconds.values()))
    lines = [f"{images:,} images, batches of {batch_size}; median of {len(measure_of_all)} runs in turn", ""]
    lines += ["| doing | seconds | ratio |", "|---|---:|---:|"]
    for name, runs in seconds.items():
        ratio = statistics.median(own / bare for own, bare in zip(runs, measure_of_all, strict=True))
        lines.append(f"| {name} | {statistics.median(runs):.2f} | {ratio:.2f} |")
    other, own = seconds["tf-keras-vis"], seconds["one pass, streamed"]
    faster = statistics.median(theirs / ours for theirs, ours in zip(other, own, strict=True))
    return "\n".join(
        [*lines, "", f"The one pass is {faster:.1f} times faster than tf-keras-vis in batches of {batch_size}."]
    )


def _bare(model: Any, images: np.ndarray, batch_size: int) -> Contender:
    """Logit of the predicted class and its gradient at the image, in one tf.function, as NumPy."""
    import tensorflow as tf

    logits_of = _logit_model(model)

    @tf.function
    def step(batch: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(batch)
            logits = logits_of(batch, training=False)
            score = tf.reduce_sum(tf.reduce_max(logits, axis=1))
        return logits, tape.gradient(score, batch)

    def run() -> None:
        arrays = []
        for start in range(0, len(images), batch_size):
            logits, gradient = step(tf.constant(images[start : start + batch_size]))
            arrays.append((logits.numpy(), gradient.numpy()))

    return run


def _logit_model(model: Any) -> Any:
    """A Functional copy without the softmax, as tf-keras-vis needs it, of layers that have been called once only."""
    import keras

    inputs = outputs = keras.Input(model.input_shape[1:])
    for layer in model.layers:
        copy = type(layer).from_config(layer.get_config())
        outputs = copy(outputs)
        copy.set_weights(layer.get_weights())
    copied = keras.Model(inputs, outputs)
    copied.layers[-1].activation = keras.activations.linear
    return copied


def _tf_keras_vis(model: Any, images: np.ndarray, batch_size: int) -> Contender:
    """The same results with tf-keras-vis, and Keras's own way to intermediate activations."""
    import keras
    from tf_keras_vis.gradcam import Gradcam
    from tf_keras_vis.saliency import Saliency
    from tf_keras_vis.utils.scores import CategoricalScore

    logits = _logit_model(model)
    activations = keras.Model(logits.inputs, [logits.get_layer(name).output for name in LAYERS])
    grad_cam, saliency = Gradcam(logits, clone=False), Saliency(logits, clone=False)

    def run() -> None:
        for start in range(0, len(images), batch_size):
            batch = images[start : start + batch_size]
            classes = logits.predict_on_batch(batch).argmax(axis=1)
            score = CategoricalScore(classes.tolist())
            activations.predict_on_batch(batch)
            grad_cam(score, batch, penultimate_layer="conv2", expand_cam=False, normalize_cam=False)
            saliency(score, batch, normalize_map=False)

    return run


if __name__ == "__main__":
    from featurelens.scripts.terminal.running import run_alone

    run_alone("benchmark", benchmark)
