"""The maps of several methods out of one program: one pass forward and one backward for all of them.

Each method's formula is written into the same graph, where TensorFlow computes what they share once: the pass forward, and
the gradients that lead to the same tensor or pass by it. Three maps (Grad-CAM, HiResCAM, saliency) then cost what saliency
alone costs.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..methods.attribution import Method
from ..tracing.batched_graph import Compute, Program, computed
from ..tracing.inputs import Arrays
from ..tracing.targets import Classes
from ..tracing.traced_model import Taps, TracedModel
from ..tracing.variants import rows_at_once

_PREFIX = "map of "  # keeps a method called 'logits' apart from the logits


class JointMaps(Mapping[str, "JointMap"]):
    """Several methods for one model, each of which can be called like any method.

    Args:
        model: A Keras model.
        computes: {name: what the method computes, with 'map' among its results}, such as `KnownMethod.compute`.
        fold: None for the model as it is. Otherwise its batch normalisation is folded, except into these layers, of which
            the methods ask a gradient (see `tracing.folding`): only for maps that are measured and not drawn.

    Example:
        >>> joint = JointMaps(model, {"cam": at_layer("conv2", grad_cam), "slopes": of_image})    # doctest: +SKIP
        >>> maps_of(joint, images, classes)["cam"].shape                                          # doctest: +SKIP
        (100, 14, 14)
    """

    def __init__(
        self,
        model: Any,
        computes: Mapping[str, Compute],
        *,
        output: str | None = None,
        wrt: str | None = None,
        fold: Collection[str] | None = None,
    ) -> None:
        def compute(taps: Taps, scores: Any) -> dict[str, Any]:
            return {_PREFIX + name: computed(each(taps, scores)).tensors["map"] for name, each in computes.items()}

        self._names = tuple(computes)
        self.program = Program(TracedModel(model, output=output, wrt=wrt, fold=fold), compute)

    def maps(self, images: Arrays, classes: Classes = None) -> dict[str, np.ndarray]:
        """{name: float32[B,h,w]} of all methods."""
        found = self.program.run(images, classes, batch_size=rows_at_once(images))
        return {name: found[_PREFIX + name] for name in self._names}

    def __getitem__(self, name: str) -> JointMap:
        if name not in self._names:
            raise KeyError(name)
        return JointMap(self, name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


@dataclass(frozen=True, eq=False)
class JointMap:
    """One of the methods; `maps_of` runs those of the same `joint` once."""

    joint: JointMaps
    name: str

    @property
    def traced(self) -> TracedModel:
        """The model as it was traced for it."""
        return self.joint.program.traced

    def __call__(self, images: Arrays, classes: Classes = None) -> np.ndarray:
        """float32[B,h,w]: its maps alone."""
        return self.joint.maps(images, classes)[self.name]


def maps_of(methods: Mapping[str, Method], images: Arrays, classes: np.ndarray) -> dict[str, np.ndarray]:
    """The maps of several methods, by name; those out of one program are made in one run of it."""
    found: dict[str, np.ndarray] = {}
    runs: dict[int, dict[str, np.ndarray]] = {}
    for name, method in methods.items():
        if not isinstance(method, JointMap):
            found[name] = np.asarray(method(images, classes))
            continue
        if id(method.joint) not in runs:
            runs[id(method.joint)] = method.joint.maps(images, classes)
        found[name] = runs[id(method.joint)][method.name]
    return found
