"""Keras layers whose every random number comes from one seed, so that building a model touches no global state."""

from typing import Any

import numpy as np


class SeededLayers:
    """Makes layers one after the other, each with the next number of the seed's own sequence.

    The same seed and the same order of calls give the same initial weights and the same dropout masks.

    Args:
        seed: any non-negative whole number.
    """

    def __init__(self, seed: int):
        self._numbers = np.random.default_rng(seed)

    def next_seed(self) -> int:
        """The next number of the sequence, in [0, 2**31)."""
        return int(self._numbers.integers(2**31))

    def conv(
        self,
        filters: int,
        name: str,
        *,
        size: int = 3,
        strides: int = 1,
        padding: str = "same",
        activation: str | None = "relu",
        bias: bool = True,
    ) -> Any:
        """A convolution, its kernel drawn from Glorot's uniform distribution (Keras's default)."""
        import keras

        return keras.layers.Conv2D(
            filters,
            size,
            strides=strides,
            padding=padding,
            activation=activation,
            use_bias=bias,
            kernel_initializer=self._glorot(),
            name=name,
        )

    def dense(self, units: int, name: str, *, activation: str | None = "relu") -> Any:
        """A fully connected layer, its kernel drawn from Glorot's uniform distribution."""
        import keras

        return keras.layers.Dense(units, activation=activation, kernel_initializer=self._glorot(), name=name)

    def dropout(self, rate: float, name: str) -> Any:
        """A dropout layer: each unit is zero with probability `rate` while training, never afterwards."""
        import keras

        return keras.layers.Dropout(rate, seed=self.next_seed(), name=name)

    def _glorot(self) -> Any:
        import keras

        return keras.initializers.GlorotUniform(seed=self.next_seed())
