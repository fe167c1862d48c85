"""The form that every attribution method has: made once with a model, then called on images.

What a method can tell beside its maps is a member that it may have, and that readers ask for by its presence:

    with_gap(images, ...)     CompleteMaps, where the maps ought to sum to a known number
    before_cut(images, ...)   float32[B,h,w], the maps before negative evidence was cut off
    per_channel(images, ...)  float32[B,h,w,C], what each channel adds to the map, of the layer or of the image
    remark                    str, what its settings mean for the reader of a map

The catalogue holds what is known of a method without a model: its name, unit, sign, cost and how it is made.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ... import Record
from ..given import takes_given
from ..progress import Progress
from ..tracing.batched_graph import Compute, OfModel, Program
from ..tracing.inputs import Arrays
from ..tracing.targets import Classes
from ..tracing.traced_model import Taps, TracedModel
from ..tracing.variants import Asked, VariantProgram

Parts = Callable[[Taps, Any], Any]  # (taps, scores) -> what each channel adds, [B,h,w,C], inside of a graph


class Explaining(OfModel):
    """What is made with a model and called on images: every attribution method."""

    @takes_given
    def __call__(
        self,
        images: Arrays,
        classes: Classes = None,
        versus: Classes = None,
        batch_size: int = 256,
        progress: Progress = False,
    ) -> np.ndarray:
        """The maps of the images.

        Args:
            images: float32[B,H,W,C] of the model's input shape and range (or the list or dict that the model takes); a
                `Dataset`, a `tf.data.Dataset`, a generator; or paths, read and fitted to the model (see `given`).
            classes: The class explained: None for the predicted one, a number or a name, or one for each image.
            versus: Why `classes` rather than this one: None, a number or a name, or one for each image.
            batch_size: Images at a time; of a method that varies them, images times variants.
            progress: True for a bar with the time left, or a function called with (what, done, total).

        Returns:
            float32[B, h, w].

        Raises:
            ValueError: Images or classes do not fit the model; the message says what does.
        """
        return self._called(images, classes, versus, batch_size, progress)

    def _called(
        self, images: Arrays, classes: Classes, versus: Classes, batch_size: int, progress: Progress
    ) -> np.ndarray:
        """The maps; images and classes are as the engine takes them."""
        raise NotImplementedError


class Attribution(Explaining):
    """A method whose map follows from one traced graph.

    The score explained is always a logit: `logit[class]`, or `logit[class] - logit[versus]`. For one sigmoid unit with
    logit z, class 1 is +z and class 0 is -z. Maps are raw, in units of the score: not normalised, resized or clipped.
    """

    def __init__(self, model: Any, compute: Compute, *, output: str | None, wrt: str | None) -> None:
        self._program = Program(TracedModel(model, output=output, wrt=wrt), compute)

    def _called(
        self, images: Arrays, classes: Classes, versus: Classes, batch_size: int, progress: Progress
    ) -> np.ndarray:
        return self._results(images, classes, versus, batch_size, progress)["map"]

    def _results(
        self, images: Arrays, classes: Classes, versus: Classes, batch_size: int, progress: Progress
    ) -> dict[str, np.ndarray]:
        """All that is computed."""
        return self._program.run(images, classes, versus, batch_size=batch_size, progress=progress)


class CompleteAttribution(Attribution):
    """The same, where the maps ought to sum to a known number: it is computed as 'expected', beside 'map'."""

    @takes_given
    def with_gap(
        self,
        images: Arrays,
        classes: Classes = None,
        versus: Classes = None,
        batch_size: int = 256,
        progress: Progress = False,
    ) -> CompleteMaps:
        """The maps, and what each should sum to; arguments as for the call."""
        results = self._results(images, classes, versus, batch_size, progress)
        return CompleteMaps(results["map"], results["expected"])


class SumOverChannels(Attribution):
    """A method whose map is a sum over channels, of a layer or of the image, each of which can be seen by itself.

    `parts` computes what each adds, [B,h,w,C]; it is traced when it is first asked for.
    """

    def __init__(self, model: Any, compute: Compute, parts: Parts, *, output: str | None, wrt: str | None) -> None:
        super().__init__(model, compute, output=output, wrt=wrt)
        self._parts = parts
        self._channels: Program | None = None

    @takes_given
    def per_channel(
        self,
        images: Arrays,
        classes: Classes = None,
        versus: Classes = None,
        batch_size: int = 256,
        progress: Progress = False,
    ) -> np.ndarray:
        """What each channel adds, float32[B,h,w,C] with its sign; arguments as for the call.

        Their sum is the map, for a class activation map before its negative evidence is cut off.
        """
        if self._channels is None:
            parts = self._parts
            self._channels = Program(self._program.traced, lambda taps, scores: {"parts": parts(taps, scores)})
        return self._channels.run(images, classes, versus, batch_size=batch_size, progress=progress)["parts"]


@dataclass(frozen=True, eq=False)
class CompleteMaps(Record):
    """Signed maps beside what their values should sum to."""

    maps: np.ndarray  # float32[B,H,W], score units
    expected: np.ndarray  # float32[B], what each map should sum to, score units

    @property
    def gap(self) -> np.ndarray:
        """float32[B]: what should be there less what is; 0 where the map accounts for all of it."""
        return self.expected - self.maps.reshape(len(self.maps), -1).sum(axis=1)


class Perturbation(Explaining, VariantProgram):
    """A method whose map follows from the scores, or gradients, of many variants of each image.

    The score explained is always a logit, as for every attribution method, and `classes=None` is the class that the
    model predicts for the image as it is. Maps are raw: not normalised, resized or clipped.
    """

    def _called(
        self, images: Arrays, classes: Classes, versus: Classes, batch_size: int, progress: Progress
    ) -> np.ndarray:
        return self._maps(self.ask(images, classes, versus, batch_size), batch_size, progress)

    def _maps(self, asked: Asked, batch_size: int, progress: Progress) -> np.ndarray:
        raise NotImplementedError


Method = Callable[[Any, np.ndarray], np.ndarray]  # (images, classes int32[B]) -> maps [B,h,w]
