"""A model that looks at one patch of the image and at nothing else, and maps that are right, wrong and empty."""

import numpy as np
from hand_set_models import linear_cam_model

SIZE, PATCH = 8, (slice(4, 6), slice(1, 4))


def planted_model():
    """The logits are +4 and -4 times the sum of the six pixels of the patch, under a softmax."""
    weights = np.zeros((SIZE, SIZE, 1, 2))
    weights[(*PATCH, 0, 0)] = 4
    weights[(*PATCH, 0, 1)] = -4
    return linear_cam_model([[1.0]], weights, head="softmax")


def planted_maps(count):
    """float32[count,8,8]: 1 on the patch, 0 elsewhere."""
    maps = np.zeros((count, SIZE, SIZE), np.float32)
    maps[(slice(None), *PATCH)] = 1
    return maps


def noise_images(seed, count):
    """Random pixels in 0..1: brightness does not give the patch away."""
    return np.random.default_rng(seed).random((count, SIZE, SIZE, 1), dtype=np.float32)
