"""Models of series and volumes that look at one stretch or block and at nothing else."""

from typing import Any

import keras
import numpy as np

layers = keras.layers


def planted(sizes: tuple[int, ...], at: tuple[slice, ...]) -> Any:
    """Class 0 is the sum over one stretch or block, class 1 its negative; nothing else counts."""
    weights = np.zeros((*sizes, 1, 2), np.float32)
    weights[(*at, 0, 0)], weights[(*at, 0, 1)] = 1, -1
    convolution = layers.Conv1D if len(sizes) == 1 else layers.Conv3D
    model = keras.Sequential(
        [
            keras.Input((*sizes, 1)),
            convolution(1, 1, use_bias=False, name="conv"),
            layers.Flatten(),
            layers.Dense(2, use_bias=False),
        ]
    )
    model.set_weights([np.ones((1,) * (len(sizes) + 2), np.float32), weights.reshape(-1, 2)])
    return model
