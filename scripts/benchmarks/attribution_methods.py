"""Measure the methods that need many passes beside the bare passes that they need: `featurelens benchmark --methods`."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

_BATCH = 256


@dataclass(frozen=True, eq=False)
class ManyPasses:
    """A method and what it cannot do without."""

    name: str
    run: Callable[[np.ndarray], object]
    images: int  # of a timed run
    passes: int  # bare passes per image that the method needs
    backward: bool  # whether these go forward and backward, or forward only


def methods_table(model: Any, images: np.ndarray, rounds: int) -> str:
    """The table as Markdown: each method's time over that of its bare passes, both timed in turn; median, range."""
    bare = {backward: _bare(model, backward) for backward in (False, True)}
    lines = ["| method | bare passes per image | ratio to these | range |", "|---|---:|---:|---:|"]
    for method in _methods(model):
        ratios = [_ratio(method, bare[method.backward], images) for _ in range(rounds + 1)][1:]
        kind = "forward + backward" if method.backward else "forward"
        low, high = min(ratios), max(ratios)
        lines.append(
            f"| {method.name} | {method.passes} {kind} | {statistics.median(ratios):.2f} | {low:.2f} to {high:.2f} |"
        )
    return "\n".join(lines)


def _methods(model: Any) -> list[ManyPasses]:
    from featurelens.interpret import RISE, IntegratedGradients, Occlusion, ScoreCAM, SmoothGrad

    return [
        ManyPasses("SmoothGrad, 25 samples", SmoothGrad(model), 256, 25, True),
        ManyPasses("Integrated Gradients, 32 steps", IntegratedGradients(model), 256, 32, True),
        ManyPasses("Occlusion, 4x4 patches at every 2nd pixel", Occlusion(model), 128, 169, False),
        ManyPasses("RISE, 2,000 masks", RISE(model), 16, 2000, False),
        ManyPasses("Score-CAM, 64 channels", ScoreCAM(model), 256, 65, False),
    ]


def _ratio(method: ManyPasses, bare: Callable[[np.ndarray], None], images: np.ndarray) -> float:
    """Time of the method over that of its passes; half of these are run before it and half after."""
    batches = max(2, round(method.images * method.passes / _BATCH))
    batch = images[:_BATCH]
    before = _seconds(lambda: [bare(batch) for _ in range(batches // 2)])
    own = _seconds(lambda: method.run(images[: method.images]))
    after = _seconds(lambda: [bare(batch) for _ in range(batches - batches // 2)])
    return own / (before + after)


def _seconds(run: Callable[[], object]) -> float:
    start = time.perf_counter()
    run()
    return time.perf_counter() - start


def _bare(model: Any, backward: bool) -> Callable[[np.ndarray], None]:
    """One pass of a full batch in a tf.function: forward, or forward and backward to the image."""
    import tensorflow as tf

    @tf.function
    def forward(batch: tf.Tensor) -> Any:
        return model(batch, training=False)

    @tf.function
    def there_and_back(batch: tf.Tensor) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(batch)
            score = tf.reduce_sum(tf.reduce_max(model(batch, training=False), axis=1))
        return tape.gradient(score, batch)

    step = there_and_back if backward else forward
    return lambda batch: step(tf.constant(batch)).numpy()
