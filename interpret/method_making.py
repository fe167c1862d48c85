"""Several methods made for one model: those that it takes, and why it refuses the others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .methods import KnownMethod

Makers = dict[str, Callable[[Any], Any]]  # {name: model -> the method}


def makers_of(methods: Sequence[KnownMethod], cam_layer: str | None, images: np.ndarray) -> Makers:
    """How each method is made for a model of these images float32[B,H,W,C]."""
    return {known.name: _maker(known, cam_layer, min(images.shape[1:3])) for known in methods}


def made_for(
    model: Any, makers: Makers, one: np.ndarray, required: Sequence[str] = ()
) -> tuple[dict[str, Any], dict[str, str]]:
    """The methods that explain an image of this model, and why the others do not: ({name: method}, {name: reason}).

    Args:
        model: A Keras model.
        makers: From `makers_of`.
        one: float32[1,H,W,C].
        required: Names of methods that have to explain it.

    Raises:
        ValueError: A required method, or every one, is refused.
    """
    made, refused = {}, {}
    for name, make in makers.items():
        try:
            method = make(model)
            method(one, np.zeros(1, np.int32))
        except ValueError as error:
            if name in required:
                raise
            refused[name] = str(error)
            continue
        made[name] = method
    if not made:
        name, reason = next(iter(refused.items()))
        raise ValueError(f"Expected a method that explains this model. All refuse it; {name}: {reason}")
    return made, refused


def made_once(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The method traced once: its graph reads the weights anew at every call, whatever has become of them."""
    made: list[tuple[Any, Any]] = []

    def again(model: Any) -> Any:
        if not made or made[0][0] is not model:
            made[:] = [(model, make(model))]
        return made[0][1]

    return again


def _maker(known: KnownMethod, cam_layer: str | None, side: int) -> Callable[[Any], Any]:
    return lambda model: known.make(model, cam_layer, side)
