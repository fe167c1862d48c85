"""From a layer on: the logits that follow when a layer puts out something else.

The layer's output is computed once. Then only the tail runs: the model is traced again with the layer's output replaced
by a given tensor, and TensorFlow prunes what only led there. Where another path goes round the layer (a residual
connection), it is computed from the image, which is still given. The first batch proves it: on its own output,
unchanged, the tail must give the model's logits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ..graph.state.written_variables import kept, written_variables
from ..progress import Progress, steps
from .batched_graph import Computed, Program
from .inputs import Arrays, InputForm
from .layer_choice import channel_layer
from .proof import PROOF_IMAGES, tolerance
from .targets import NONE
from .traced_model import TappedLayer, Taps, TracedModel

if TYPE_CHECKING:
    import tensorflow as tf

_OF_FRONT = ("logits", "output")
UNCHANGED = -1  # the variant that leaves the layer's output as it is

# (output of the layer float32[B, ...], variants int32[V]) -> float32[B,V, ...], of the layer or of `at`; inside of a graph
Change = Callable[[Any, Any], Any]


@dataclass(frozen=True, eq=False)
class TailBlock:
    """The logits of some images, as they are and with the layer's output changed."""

    rows: slice  # which images, I of them
    variants: slice  # which variants, V of them
    before: np.ndarray  # float32[I,K]
    after: np.ndarray  # float32[I,V,K]


class TailProgram:
    """The tail of a model, ready to run on changed outputs of a layer.

    Args:
        traced: The model.
        layer: Name of the layer; None for the last convolution.
        change: Makes the variants of the layer's output; `UNCHANGED` must give it as it is.
        front: A program of the same model and layer that computes what `front_of` does, and more; None: one is made.
        at: A later layer, whose output `change` makes of the layer's, and which is replaced then; None: the layer itself.
    """

    def __init__(
        self,
        traced: TracedModel,
        layer: str | None,
        change: Change,
        *,
        front: Program | None = None,
        at: TappedLayer | None = None,
    ) -> None:
        self._change = change
        self._at = at
        self._functions: dict[tuple[object, ...], Any] = {}
        self._proven = False
        self.front = front or Program(traced, lambda taps, _: front_of(taps, layer))

    @property
    def layer(self) -> str:
        """Name of the layer; known once the model is traced."""
        return self._found.name

    def stream(
        self,
        images: Arrays,
        variants: np.ndarray,
        *,
        batch_size: int = 256,
        rows_at_once: int | None = None,
        known: Mapping[str, np.ndarray] | None = None,
        progress: Progress = False,
    ) -> Iterator[TailBlock]:
        """One block after another: every image with every variant.

        Args:
            images: As the model takes them.
            variants: int32[V].
            batch_size: Images at a time.
            rows_at_once: Images times variants, at a time; None: as many as images.
            known: What the front gave for all these images, their 'logits' and the 'output' among it; None: it is run.
            progress: True for a bar with the time left, or a function called with (what, done, total), in images.
        """
        flat, run = self.front.prepared(images)
        tail = self._function(self.front.traced.form_of(images))
        for rows in steps(len(flat[0]), batch_size, progress):
            given = [array[rows] for array in flat]
            nobody = np.full(len(given[0]), NONE, dtype=np.int32)
            made = run(given, nobody, nobody) if known is None else {name: known[name][rows] for name in _OF_FRONT}
            self._prove(tail, given, made)
            for part, some in _blocks(len(given[0]), len(variants), rows_at_once or batch_size):
                after = _call(tail, [array[part] for array in given], made["output"][part], variants[some])
                whole = slice(rows.start + part.start, rows.start + part.stop)
                yield TailBlock(whole, some, made["logits"][part], after)

    @property
    def _found(self) -> TappedLayer:
        return self.front.facts["tapped"]

    def _function(self, form: InputForm) -> Any:
        signature = (*form.key, self.front.tracings)  # a model that was changed is traced again
        if signature not in self._functions:
            self._functions[signature] = self._trace(form)
        return self._functions[signature]

    def _trace(self, form: InputForm) -> tuple[Any, list[Any]]:
        import tensorflow as tf

        at = self._at or self._found
        shape, dtype = (None, *at.tensor.shape[1:]), at.tensor.dtype

        def tail(*tensors: tf.Tensor) -> tf.Tensor:
            *flat, output, variants = tensors
            times = tf.shape(variants)[0]
            changed = self._change(output, variants)
            changed = tf.reshape(changed, tf.concat([[-1], tf.shape(changed)[2:]], axis=0))
            changed = tf.ensure_shape(tf.cast(changed, dtype), shape)
            repeated = [tf.repeat(array, times, axis=0) for array in flat]
            taps = self.front.traced.trace(form, repeated, {at.path: changed})
            self._refuse_another_way(taps, changed)
            return tf.reshape(taps.logits, [-1, times, taps.head.classes])

        specs = [tf.TensorSpec((None, *size), kind) for size, kind in zip(form.shapes, form.dtypes, strict=True)]
        given = (None, *self._found.tensor.shape[1:])
        more = (tf.TensorSpec(given, tf.float32), tf.TensorSpec((None,), tf.int32))
        function = tf.function(tail, autograph=False).get_concrete_function(*specs, *more)
        return function, written_variables(function)

    def _refuse_another_way(self, taps: Taps, changed: tf.Tensor) -> None:
        if not any(tap.tensor is changed for tap in taps.layers):
            raise ValueError(
                f"Expected model {self.front.traced.name!r} to call layer {self.layer!r} each time it runs. The second "
                f"time it did not. Make its call() go the same way for all images."
            )

    def _prove(self, tail: tuple[Any, list[Any]], flat: list[np.ndarray], made: dict[str, np.ndarray]) -> None:
        """Refuse a model whose tail does not give its logits back."""
        if self._proven:
            return
        few = slice(0, PROOF_IMAGES)
        logits = made["logits"][few]
        again = _call(tail, [array[few] for array in flat], made["output"][few], np.array([UNCHANGED], np.int32))
        error = float(np.abs(again[:, 0] - logits).max())
        allowed = tolerance(self.front.traced.model) * max(1.0, float(np.abs(logits).max()))
        if not error <= allowed:
            raise ValueError(
                f"Expected the model's tail after layer {self.layer!r} to give the model's logits to {allowed:.1e}. They "
                f"differ by {error:.3g}. The layer's output reaches the answer by a way that the trace does not see. "
                f"Choose another layer."
            )
        self._proven = True


def front_of(taps: Taps, layer: str | None) -> Computed:
    """The output of a layer, and which one it is; inside of a graph."""
    found = channel_layer(taps, layer)
    return Computed({"output": found.tensor}, {"tapped": found})


def _call(tail: tuple[Any, list[Any]], flat: list[np.ndarray], output: np.ndarray, variants: np.ndarray) -> np.ndarray:
    import tensorflow as tf

    given = (*flat, output, np.asarray(variants, np.int32))
    function, written = tail
    with kept(written):
        return np.asarray(memoryview(function(*(tf.convert_to_tensor(array) for array in given))))


def _blocks(images: int, variants: int, batch_size: int) -> Iterator[tuple[slice, slice]]:
    """Rows and variants of each block, as near to `batch_size` rows as it goes."""
    parts = -(-variants // batch_size)
    together = max(1, batch_size // -(-variants // max(parts, 1)))
    for start in range(0, images, together):
        for part in range(parts):
            some = slice(variants * part // parts, variants * (part + 1) // parts)
            yield slice(start, min(start + together, images)), some
