"""What was done to the pixels before the model was trained: the presets of `keras.applications`, mean and deviation.

Each takes pixels from 0 to 255 in RGB, as `image_dataset_from_directory` and `load_img` give them, and returns what the
model takes. The pictures that people see are kept apart from what this makes of them.

| name | Keras | formula |
|---|---|---|
| `tf` | MobileNet, Inception, Xception, NASNet, ResNetV2 | x / 127.5 - 1 |
| `caffe` | VGG, ResNet | BGR, minus 103.939, 116.779, 123.68 |
| `torch` | DenseNet | x / 255, then (x - mean) / deviation of ImageNet |
| `per-image` | `tf.image.per_image_standardization` | (x - mean) / max(deviation, 1 / sqrt(N)) of each image |
| `mean=M,std=S` | | (x - M) / S, on 0 to 1 where no number is above 1, else on 0 to 255 |
| `module:function` | | float32[B,H,W,C] -> the same shape; runs code |
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

PRESETS = ("caffe", "torch", "tf", "per-image")
_NUMBERS = r"-?[\d.]+(?:e-?\d+)?(?:,-?[\d.]+(?:e-?\d+)?)*"
_MEAN_STD = re.compile(rf"mean=({_NUMBERS}),std=({_NUMBERS})")
_FUNCTION = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


@dataclass(frozen=True, eq=False)
class Preprocessing:
    """Pixels from 0 to 255 in, what the model takes out."""

    name: str  # as typed: a preset, 'mean=...,std=...' or 'module:function'
    apply: Callable[[np.ndarray], np.ndarray]  # float32[B,H,W,C] in [0, 255], RGB -> float32[B,H,W,C]
    value_range: tuple[float, float] | None  # the least and most that black, white or a colour becomes; None: open
    words: str  # for people

    def __call__(self, images: np.ndarray) -> np.ndarray:
        """Apply it, checked: the shape stays, and numbers stay finite."""
        made = np.asarray(self.apply(np.array(images, np.float32)), np.float32)
        if made.shape != images.shape:
            raise ValueError(
                f"Expected --preprocess {self.name} to keep the shape {list(images.shape)}. Received "
                f"{list(made.shape)}. Let it take and return images [B, H, W, C]; sizes are matched by --resize."
            )
        return made


def preprocessing(name: str, *, allow_code: bool = False) -> Preprocessing:
    """The preprocessing of this name.

    Raises:
        ValueError: There is none, or it is a function and `allow_code` is False.
    """
    text = name.strip()
    if text in _FORMULAS:
        return _FORMULAS[text]
    found = _MEAN_STD.fullmatch(text.replace(" ", ""))
    if found:
        return _standardised(text, *(tuple(float(part) for part in group.split(",")) for group in found.groups()))
    if _FUNCTION.fullmatch(text):
        return _function(text, allow_code)
    raise ValueError(
        f"Expected --preprocess {', '.join(PRESETS)}, mean=...,std=... (as in mean=0.5,std=0.25, or three numbers each) "
        f"or module:function. Received '{name}'. Pass the one that the model was trained with."
    )


def _function(name: str, allow_code: bool) -> Preprocessing:
    if not allow_code:
        raise ValueError(
            f"Expected --allow-code beside --preprocess {name}, which imports and runs code. Received none. Add "
            "--allow-code if you trust it, or pass a preset: " + ", ".join(PRESETS) + "."
        )
    module, _, attribute = name.partition(":")
    try:
        found = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ValueError(
            f"Expected --preprocess module:function that can be imported. Received '{name}': {error}. Check the names, "
            "and that the module's folder is on the path (PYTHONPATH=.)."
        ) from error
    return Preprocessing(name, lambda images: np.asarray(found(images)), None, f"the function {name}")


def _tf(images: np.ndarray) -> np.ndarray:
    images /= np.float32(127.5)
    images -= np.float32(1)
    return images


_CAFFE_MEAN = np.array([103.939, 116.779, 123.68], np.float32)  # of ImageNet, blue, green, red
_TORCH_MEAN, _TORCH_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def _caffe(images: np.ndarray) -> np.ndarray:
    _require_colours(images, 3, "caffe")
    return images[..., ::-1] - _CAFFE_MEAN


def _per_image(images: np.ndarray) -> np.ndarray:
    axes = (1, 2, 3)
    mean = images.mean(axis=axes, keepdims=True, dtype=np.float64)
    deviation = np.sqrt(np.square(images - mean).mean(axis=axes, keepdims=True))
    least = 1 / np.sqrt(np.prod(images.shape[1:], dtype=np.float64))
    return ((images - mean) / np.maximum(deviation, least)).astype(np.float32)


def _standardised(name: str, mean: tuple[float, ...], std: tuple[float, ...]) -> Preprocessing:
    if min(std) <= 0 or len(mean) not in (1, 3, 4) or len(std) not in (1, len(mean)):
        raise ValueError(
            f"Expected --preprocess mean=...,std=... with one number each, or one for each channel, deviations above 0. "
            f"Received '{name}'. Write it as in mean=0.485,0.456,0.406,std=0.229,0.224,0.225."
        )
    white = 255.0 if max(*mean, *std) > 1 else 1.0

    def apply(images: np.ndarray) -> np.ndarray:
        _require_colours(images, len(mean), name)
        if white == 1:
            images /= np.float32(255)
        images -= np.array(mean, np.float32)
        images /= np.array(std, np.float32)
        return images

    ends = [(end - m) / s for m, s in zip(mean, std * (len(mean) // len(std)), strict=True) for end in (0.0, white)]
    words = f"(x - mean) / std on 0 to {white:g}, mean {_listed(mean)}, std {_listed(std)}"
    return Preprocessing(name, apply, (min(ends), max(ends)), words)


def _require_colours(images: np.ndarray, channels: int, name: str) -> None:
    if channels > 1 and images.shape[-1] != channels:
        raise ValueError(
            f"Expected images of {channels} channels for --preprocess {name}. Received {images.shape[-1]}. Pass --resize, "
            "which matches the channels to the model, or another preprocessing."
        )


def _listed(numbers: tuple[float, ...]) -> str:
    return "/".join(f"{number:g}" for number in numbers)


_TORCH = _standardised("mean=0.485,0.456,0.406,std=0.229,0.224,0.225", _TORCH_MEAN, _TORCH_STD)
_FORMULAS = {
    "tf": Preprocessing("tf", _tf, (-1.0, 1.0), "x / 127.5 - 1"),
    "caffe": Preprocessing(
        "caffe",
        _caffe,
        (-123.68, 255 - 103.939),
        "blue, green, red, minus the mean of ImageNet (103.939, 116.779, 123.68)",
    ),
    "torch": Preprocessing("torch", _TORCH.apply, _TORCH.value_range, _TORCH.words),
    "per-image": Preprocessing("per-image", _per_image, None, "each image to mean 0 and deviation 1"),
}
