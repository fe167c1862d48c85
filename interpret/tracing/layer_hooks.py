"""Note what each layer puts out while a model runs, and leave the model as it was.

For the time of a trace each layer's `call` is replaced by one that notes its output; it is put back in any case, also
after an error. What a layer puts out may be replaced on the way, so that the rest of the model works on that. The
losses that a call adds to the layers (activity regularisers) are put back too: a symbolic one must not be seen by
anyone later.
"""

from __future__ import annotations

import functools
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from ..graph.attention_scores import called_with_scores, gives_scores
from ..graph.frames import joined, over_frames, parted, runs_on_frames
from ..graph.state.model_state import layers_within
from ..graph.state.precision import with_own_weights
from .folding import Folder

ATTENTION = "attention"  # what the attention of a layer is called, behind the layer's name
_LOSSES = ("_losses", "_loss_ids", "_eager_losses")  # Keras 3 keeps the first two, tf_keras the first and the last


@dataclass(frozen=True, eq=False)
class TappedLayer:
    """One call of one layer, as it happened."""

    name: str  # 'conv1', 'base/conv1', 'conv1:1' for the second call, 'lstm:out1' for the second output
    path: str  # the full 'outer/inner' name
    layer: Any  # the Keras layer
    tensor: Any  # tf.Tensor [B, ...], what it put out
    axes: Any = None  # `Axes` of the tensor
    output: int = 0  # which of the layer's outputs: 0 for the first, mostly the only one
    is_attention: bool = False  # whether it is the attention [B,heads,T,S] of the layer, called 'block3/attention'

    @property
    def maps(self) -> Any:
        """The tensor with its channel last, [B, places..., C]; inside of a graph."""
        return self.axes.channel_last(self.tensor) if self.axes is not None and self.axes.rank > 2 else self.tensor


@dataclass
class _Notes:
    """What the layers of one trace put out, in order, with the stack of calls under way."""

    thread: int
    replaced: Mapping[str, Any] = field(default_factory=dict)  # {path of a call: what it puts out instead}
    folder: Folder | None = None  # of batch normalisation
    stack: list[str] = field(default_factory=list)
    made: list[TappedLayer] = field(default_factory=list)
    lengths: list[Any] = field(default_factory=list)  # of the films whose frames are under way

    def instead(self, path: str, outputs: Any) -> Any:
        """`outputs`, a tensor replaced where that is asked for this call; the operations behind it are pruned."""
        import tensorflow as tf

        earlier = sum(note.path == path and not note.output for note in self.made)
        own = [
            self.replaced.get(path + _suffix(earlier, k), tensor) for k, tensor in enumerate(tf.nest.flatten(outputs))
        ]
        return tf.nest.pack_sequence_as(outputs, own) if self.replaced else outputs


@contextmanager
def tapped(
    model: Any, replaced: Mapping[str, Any] | None = None, folder: Folder | None = None
) -> Iterator[list[TappedLayer]]:
    """For the time of the block, each layer of `model` notes what it puts out in the list.

    A call whose full path (`TappedLayer.path`) is in `replaced` puts out the tensor given there; `folder`, where there is
    one, folds batch normalisation.
    """
    notes = _Notes(threading.get_ident(), replaced or {}, folder)
    cells = _looped_cells(model)
    before = [_call_of(layer) for layer in layers_within(model) if id(layer) not in cells]
    try:
        for layer, name, _, call in before:
            object.__setattr__(layer, name, _noting(layer, call, notes, outermost=layer is model))
        with losses_kept(model):
            yield notes.made
    finally:
        for layer, name, own, call in before:
            if own:
                object.__setattr__(layer, name, call)
            else:
                object.__delattr__(layer, name)


def _call_of(layer: Any) -> tuple[Any, str, bool, Any]:
    """The layer, the name of the function that Keras calls, whether the layer has one of its own, and the function."""
    name = "call" if getattr(layer, "quantization_mode", None) is None else "quantized_call"
    return layer, name, name in vars(layer), getattr(layer, name)


@contextmanager
def losses_kept(model: Any) -> Iterator[None]:
    """After the block, the model and its layers hold the losses that they held before."""
    kept = [
        (part, name, list(losses))
        for part in layers_within(model)
        for name in _LOSSES
        if (losses := getattr(part, name, None)) is not None
    ]
    try:
        yield
    finally:
        for part, name, losses in kept:
            now = getattr(part, name)
            now.clear()
            now.update(losses) if isinstance(now, set) else now.extend(losses)


def named(notes: Sequence[TappedLayer]) -> tuple[TappedLayer, ...]:
    """Give each call its name: the bare one where that is clear, ':1' for a second call, ':out1' for a second output."""
    paths_of: dict[str, set[str]] = {}
    for note in notes:
        paths_of.setdefault(note.name, set()).add(note.path)
    calls: Counter[str] = Counter()
    with_names = []
    for note in notes:
        calls[note.path] += not note.output
        suffix = _suffix(calls[note.path] - 1, note.output)
        bare = note.name if len(paths_of[note.name]) == 1 else note.path
        with_names.append(replace(note, name=bare + suffix, path=note.path + suffix))
    return tuple(with_names)


def _suffix(call: int, output: int) -> str:
    """What tells a later call, and a later output, from the first: '', ':1', ':out1', ':1:out1'."""
    return (f":{call}" if call else "") + (f":out{output}" if output else "")


def _looped_cells(model: Any) -> set[int]:
    """The cells of recurrent layers, by id: they run inside of a loop, and in the graph itself for their shape alone."""
    loops = [part for part in layers_within(model) if hasattr(part, "cell") and not getattr(part, "unroll", False)]
    return {id(part) for loop in loops for part in layers_within(loop.cell)}


def _noting(layer: Any, call: Callable[..., Any], notes: _Notes, *, outermost: bool) -> Callable[..., Any]:
    """`call`, noting what it puts out; one that is a tf.function runs as plain Python, in the graph of the trace."""
    import tensorflow as tf

    plain = getattr(call, "python_function", call)
    attends = not outermost and gives_scores(layer, plain)

    @functools.wraps(call)
    def noted(*args: Any, **kwargs: Any) -> Any:
        if threading.get_ident() != notes.thread:
            return call(*args, **kwargs)
        if outermost:
            return with_own_weights(layer, plain)(*args, **kwargs)
        notes.stack.append(layer.name)
        run = over_frames(layer, notes.lengths) if runs_on_frames(layer, args, kwargs) else plain
        run = with_own_weights(layer, run)
        try:
            outputs, attention = called_with_scores(run, args, kwargs) if attends else (run(*args, **kwargs), None)
            path = "/".join(notes.stack)
        finally:
            notes.stack.pop()
        if notes.folder is not None:
            outputs = notes.folder.put_out(layer, path, args, kwargs, outputs)
        outputs = notes.instead(path, parted(outputs, notes.lengths))
        for place, tensor in enumerate(tf.nest.flatten(outputs)):
            notes.made.append(TappedLayer(layer.name, path, layer, tensor, output=place))
        if attention is not None and not notes.lengths:
            notes.made.append(
                TappedLayer(f"{layer.name}/{ATTENTION}", f"{path}/{ATTENTION}", layer, attention, is_attention=True)
            )
        return joined(outputs, notes.lengths)

    return tf.autograph.experimental.do_not_convert(noted)
