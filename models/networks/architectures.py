"""The architectures that can be built by name."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ...kinds import checks_kinds
from ..known_names import unknown_name
from ..quiet_start import start_tensorflow
from ..registry import Registry
from . import plain_networks
from .residual_network import residual
from .seeded_layers import SeededLayers
from .transfer_network import check_base, transfer
from .vision_transformer import vit


@dataclass(frozen=True, eq=False)
class Architecture:
    """A network that can be built by name."""

    name: str  # what `build_model` and `featurelens train` call it
    summary: str  # one line: its layers in words
    builder: Callable[..., Any]  # (input shape, classes, SeededLayers) -> uncompiled Keras model
    takes_base: bool = False  # whether the builder takes a base network too: 'base' and 'weights'


ARCHITECTURES: Registry[Architecture] = Registry(
    "architecture",
    lambda known: known.name,
    [
        Architecture(
            "zero_padded_dropout",
            "2 zero-padded convolutions (32, 64) with dropout 0.5, dense 128, softmax",
            plain_networks.zero_padded_dropout,
        ),
        Architecture("three_conv", "3 convolutions (32, 64, 128), dense 128, softmax", plain_networks.three_conv),
        Architecture(
            "three_conv_dropout",
            "3 convolutions (32, 64, 128) with dropout, dense 128, softmax",
            plain_networks.three_conv_dropout,
        ),
        Architecture(
            "early_stopping",
            "2 convolutions (32, 64), dense 128, softmax; trained until validation stops improving",
            plain_networks.early_stopping,
        ),
        Architecture(
            "batchnorm_gap",
            "3 batch-normalised convolutions (64, 128, 256), global average pooling, dense 128, softmax",
            plain_networks.batchnorm_gap,
        ),
        Architecture(
            "residual", "residual network of 3 blocks (48, 96, 96), global average pooling, softmax", residual
        ),
        Architecture(
            "vit", "vision transformer: 2 convolutions, 4 blocks of attention (4 heads), class token, softmax", vit
        ),
        Architecture("transfer", "a base of keras.applications under a new dense head", transfer, takes_base=True),
    ],
)


def architectures() -> dict[str, Architecture]:
    """The networks that `build_model` knows, by name, in the order in which to show them.

    Example:
        >>> list(architectures())[:2]
        ['zero_padded_dropout', 'three_conv']
    """
    return ARCHITECTURES.by_name()


@checks_kinds
def build_model(
    name: str,
    seed: int = 0,
    *,
    input_shape: tuple[int, int, int] = (28, 28, 1),
    classes: int = 10,
    base: str | None = None,
    base_weights: str | None = None,
) -> Any:
    """Build a network by its name, with fresh weights and not yet compiled.

    Args:
        name: one of `architectures()`.
        seed: of the initial weights and of the dropout masks; the same seed builds the same model.
        input_shape: height, width, channels; pixels in [0, 1].
        classes: number of classes, at least 2.
        base: for 'transfer' only: the base network, by default MobileNetV2.
        base_weights: for 'transfer' only: 'imagenet' (the default) or 'random'.

    Returns:
        a `keras.Model` whose output is float32[B,K], probabilities.

    Raises:
        ValueError: for an unknown name, fewer than two classes, or a base where none belongs.

    Example:
        >>> build_model("zero_padded_dropout").get_layer("pool2").output.shape
        (None, 7, 7, 64)
    """
    known = architectures()
    if name not in known:
        raise unknown_name("architecture", name, known, "Pass one of them.")
    if classes < 2:
        raise ValueError(f"Expected at least 2 classes. Received {classes}. Pass the number of the data's classes.")
    start_tensorflow()
    return known[name].builder(input_shape, classes, SeededLayers(seed), **base_options(name, base, base_weights))


def base_options(name: str, base: str | None, base_weights: str | None) -> dict[str, str]:
    """What the builder of an architecture gets to know of its base network: 'base' and 'weights', where they are given.

    Raises:
        ValueError: for a base that does not exist, or where none belongs.

    Example:
        >>> base_options("transfer", "MobileNetV2", None)
        {'base': 'MobileNetV2'}
    """
    options = {"base": base, "weights": base_weights}
    given = {option: value for option, value in options.items() if value is not None}
    bases = [other.name for other in ARCHITECTURES if other.takes_base]
    if given and name not in bases:
        others = ", ".join(f"'{other}'" for other in bases)
        raise ValueError(
            f"Expected no base for '{name}'. Received {given}. Leave it out, or build the architecture {others}."
        )
    check_base(**given)
    return given
