"""Our maps beside those of zennit and Captum: the same weights in Keras and in PyTorch, the same images, the same score.

    pip install torch captum zennit shap && python docs/compare.py

It prints, for each method, the largest difference as a part of the largest value of the map, and fails where one is above its
tolerance: rounding of float32 for what is computed, five standard errors for what is drawn. The figures stand in
`docs/comparison.md`. PyTorch is no dependency of featurelens: that is why this is no test.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np

_ROUNDING = 5e-4  # of float32, where a rule divides by a sum that is nearly 0
_SIZE, _CHANNELS, _LABEL = 8, 3, 1


def keras_model(normalised: bool, pooling: str = "MaxPooling2D") -> Any:
    """Two convolutions, both kinds of pooling, two dense layers; every weight and bias drawn; inputs may be negative."""
    import keras

    make = keras.layers
    layers = [
        make.Conv2D(4, 3, padding="same", name="conv1"),
        *([make.BatchNormalization(name="norm")] if normalised else []),
        make.ReLU(),
        getattr(make, pooling)(2),
        make.Conv2D(6, 3, name="conv2", activation="relu"),
        make.AveragePooling2D(2, strides=1),
        make.Flatten(),
        make.Dense(5, activation="relu"),
        make.Dense(3),
    ]
    model = keras.Sequential([keras.Input((_SIZE, _SIZE, _CHANNELS)), *layers])
    draw = np.random.default_rng(5 if normalised else 0)
    model.set_weights([draw.normal(0, 0.5, each.shape) for each in model.get_weights()])
    if normalised:
        model.get_layer("norm").moving_variance.assign(np.linspace(0.5, 2, 4))
    return model


def torch_model(model: Any) -> Any:
    """The same layers and weights in PyTorch; it takes [B,C,H,W]."""
    import torch
    from torch import nn

    class ChannelsLast(nn.Module):  # so that the dense layers read in Keras's order
        def forward(self, x: Any) -> Any:
            return x.permute(0, 2, 3, 1)

    def convolution(layer: Any, **how: Any) -> Any:
        kernel, bias = layer.get_weights()
        made = nn.Conv2d(kernel.shape[2], kernel.shape[3], kernel.shape[0], **how)
        made.weight.data, made.bias.data = torch.tensor(kernel.transpose(3, 2, 0, 1)), torch.tensor(bias)
        return made

    def dense(layer: Any) -> Any:
        weights, bias = layer.get_weights()
        made = nn.Linear(*weights.shape)
        made.weight.data, made.bias.data = torch.tensor(weights.T), torch.tensor(bias)
        return made

    *_, first, last = model.layers
    normalised = [_normalisation(each) for each in model.layers if each.name == "norm"]
    made = [
        convolution(model.get_layer("conv1"), padding="same"),
        *normalised,
        nn.ReLU(),
        nn.MaxPool2d(2) if any("max" in each.name for each in model.layers) else nn.AvgPool2d(2),
        convolution(model.get_layer("conv2")),
        nn.ReLU(),
        nn.AvgPool2d(2, stride=1),
        ChannelsLast(),
        nn.Flatten(),
        dense(first),
        nn.ReLU(),
        dense(last),
    ]
    return nn.Sequential(*made).eval()


def _normalisation(layer: Any) -> Any:
    import torch
    from torch import nn

    scale, shift, mean, variance = layer.get_weights()
    made = nn.BatchNorm2d(4, eps=0.0)  # zennit merges it and leaves 1 / sqrt(1 + eps) behind: 5e-4 for Keras's 1e-3
    values = {"weight": scale, "bias": shift, "running_mean": mean, "running_var": variance + layer.epsilon}
    for name, each in values.items():
        getattr(made, name).data = torch.tensor(each)
    return made


def of_zennit(model: Any, images: np.ndarray) -> Iterator[tuple[str, np.ndarray, np.ndarray, float]]:
    """(rule, our maps, zennit's, tolerance) for each rule and composite of relevance."""
    import torch
    from zennit.attribution import Gradient

    from featurelens.interpret import LayerwiseRelevance

    other, given = torch_model(model), _turned(images)
    chosen = torch.nn.functional.one_hot(torch.tensor(_LABEL), 3)
    for name, (settings, composite) in _rules_of_zennit().items():
        with Gradient(model=other, composite=composite) as attributor:
            _, found = attributor(given.clone(), lambda out: out * chosen)
        theirs = found.detach().numpy().sum(axis=1)
        yield f"zennit: {name}", LayerwiseRelevance(model, **settings)(images, _LABEL), theirs, _ROUNDING


def _rules_of_zennit() -> dict[str, tuple[dict[str, Any], Any]]:
    """{rule or composite: (our settings, zennit's composite)}."""
    from zennit import composites as named
    from zennit import rules
    from zennit.canonizers import SequentialMergeBatchNorm
    from zennit.types import Convolution, Linear

    merged: dict[str, Any] = {"canonizers": [SequentialMergeBatchNorm()]}
    ends: dict[str, Any] = {"low": -1.0, "high": 1.0}
    base = named.layer_map_base()

    def everywhere(rule: Any) -> Any:
        return named.LayerMapComposite(layer_map=[*base, (Convolution, rule), (Linear, rule)], **merged)

    def at_first(rule: Any) -> Any:  # the others as in `composite`: z_plus and epsilon
        layers = [*base, (Convolution, rules.ZPlus()), (Linear, rules.Epsilon())]
        return named.SpecialFirstLayerMapComposite(layers, first_map=[(Convolution, rule)], **merged)

    return {
        "epsilon": ({"rule": "epsilon"}, everywhere(rules.Epsilon())),
        "epsilon of 0.5": ({"rule": "epsilon", "epsilon": 0.5}, everywhere(rules.Epsilon(0.5))),
        "gamma, generalised": ({"rule": "gamma"}, everywhere(rules.Gamma(0.25))),
        "alpha2-beta1": ({"rule": "alpha2_beta1"}, everywhere(rules.AlphaBeta(2, 1))),
        "EpsilonPlus (composite)": ({}, named.EpsilonPlus(**merged)),
        "EpsilonAlpha2Beta1": ({"rule": "epsilon_alpha2_beta1"}, named.EpsilonAlpha2Beta1(**merged)),
        "EpsilonPlusFlat": ({"rule": "epsilon_plus_flat"}, named.EpsilonPlusFlat(**merged)),
        "EpsilonGammaBox": ({"rule": "epsilon_gamma_box", **ends}, named.EpsilonGammaBox(**ends, **merged)),
        "w^2 at the first layer": ({"rules": {"conv1": "w_square"}}, at_first(rules.WSquare(zero_params="bias"))),
        "flat at the first layer": ({"rules": {"conv1": "flat"}}, at_first(rules.Flat())),
        "box at the first layer": ({"rules": {"conv1": "box"}, **ends}, at_first(rules.ZBox(*ends.values()))),
    }


def of_captum(model: Any, images: np.ndarray) -> Iterator[tuple[str, np.ndarray, np.ndarray, float]]:
    """(method, our maps, Captum's, tolerance)."""
    import torch
    from captum import attr

    from featurelens import interpret

    other, given = torch_model(model), _turned(images)
    blank = {"target": _LABEL, "baselines": 0.0}

    def summed(found: Any) -> np.ndarray:
        return found.detach().numpy().sum(axis=1)

    def ours(method: Any, *settings: Any) -> np.ndarray:
        return method(model, *settings)(images, _LABEL)

    found = attr.InputXGradient(other).attribute(given.clone().requires_grad_(), target=_LABEL)
    yield "Captum: InputXGradient", ours(interpret.InputXGradient), summed(found), _ROUNDING
    found = attr.LayerGradCam(other, other[_last(other)]).attribute(given, _LABEL)
    yield "Captum: LayerGradCam", interpret.GradCAM(model).before_cut(images, _LABEL), summed(found), _ROUNDING
    found = attr.IntegratedGradients(other).attribute(given, n_steps=32, method="riemann_middle", **blank)
    yield "Captum: IntegratedGradients, midpoints", ours(interpret.IntegratedGradients), summed(found), _ROUNDING
    found = attr.Occlusion(other).attribute(given, (_CHANNELS, 4, 2), (_CHANNELS, 2, 1), **blank)
    yield "Captum: Occlusion, 4 x 2 every 2 x 1", ours(interpret.Occlusion, (4, 2), (2, 1)), _one(found), _ROUNDING
    cells = _cells()
    found = attr.ShapleyValues(other).attribute(given, feature_mask=torch.tensor(cells)[None, None], **blank)
    places = np.bincount(cells.ravel())[cells]
    yield "Captum: ShapleyValues, 4 cells, all orders", ours(interpret.SHAP, 16, cells), _one(found) / places, _ROUNDING
    yield from _drawn(model, other, images, given)


def of_deep_lift(model: Any, images: np.ndarray) -> Iterator[tuple[str, np.ndarray, np.ndarray, float]]:
    """(package, our maps, its maps, tolerance) from a drawn reference; Captum's, too, of the model without its max pooling."""
    import shap
    from captum import attr

    from featurelens.interpret import DeepLIFT

    reference = np.random.default_rng(2).uniform(-1, 1, images.shape[1:]).astype(np.float32)
    other, given, far = torch_model(model), _turned(images), _turned(reference[np.newaxis])
    record = DeepLIFT(model, reference).with_gap(images, _LABEL)
    found = shap.DeepExplainer(other, far).shap_values(given)[..., _LABEL]
    yield "shap: DeepExplainer", record.maps, np.asarray(found).sum(axis=1), _ROUNDING
    found, left = attr.DeepLift(other).attribute(given, far, _LABEL, return_convergence_delta=True)
    difference = np.abs(record.maps - found.detach().numpy().sum(axis=1)).max() / np.abs(record.maps).max()
    _say(
        f"Captum: DeepLift with max pooling: {difference:.1e}; it misses the score's difference by up to {left.abs().max():.1e}, "
        f"ours by {np.abs(record.gap).max():.1e}"
    )
    model = keras_model(False, "AveragePooling2D")
    found = attr.DeepLift(torch_model(model)).attribute(given, far, _LABEL)
    maps = DeepLIFT(model, reference)(images, _LABEL)
    yield "Captum: DeepLift, without max pooling", maps, found.detach().numpy().sum(axis=1), _ROUNDING


def _turned(images: np.ndarray) -> Any:
    import torch

    return torch.tensor(images.transpose(0, 3, 1, 2))


def _cells() -> np.ndarray:
    """int64[8,8]: four cells of unequal sizes."""
    rows, columns = np.meshgrid(np.arange(_SIZE), np.arange(_SIZE), indexing="ij")
    return (rows > 2) * 2 + (columns > 4)


def _last(other: Any) -> int:
    """Where the last convolution's ReLU stands: our layer holds its own."""
    from torch import nn

    return max(place for place, each in enumerate(other) if isinstance(each, nn.Conv2d)) + 1


def _one(found: Any) -> np.ndarray:
    """A value that each channel repeats."""
    return found.detach().numpy()[:, 0]


def _drawn(
    model: Any, other: Any, images: np.ndarray, given: Any
) -> Iterator[tuple[str, np.ndarray, np.ndarray, float]]:
    """What is drawn at random there."""
    import torch
    from captum import attr
    from captum.metrics import infidelity

    from featurelens import interpret
    from featurelens.interpret.trust.infidelity import random_squares

    torch.manual_seed(0)
    references, draws = np.random.default_rng(3).uniform(-1, 1, (5, *images.shape[1:])).astype(np.float32), 1000
    far = _turned(references)
    rounds = [attr.GradientShap(other).attribute(given, far, draws // 10, 0.0, target=_LABEL) for _ in range(10)]
    each = np.stack([found.detach().numpy().sum(axis=1) for found in rounds])
    mean, error = each.mean(axis=0), each.std(axis=0, ddof=1).max() / np.sqrt(len(each))
    maps = interpret.ExpectedGradients(model, references, draws)(images, _LABEL)
    tolerance = 5 * error / np.abs(mean).max()
    yield f"Captum: GradientShap, {draws} draws there", maps, mean, float(tolerance)

    squares, maps = 60, interpret.InputXGradient(model)(images, _LABEL)
    found = interpret.infidelity(model, images, {"it": maps}, _LABEL, squares=squares, seed=4)["it"].values
    covers = torch.tensor(random_squares(squares, _SIZE, _SIZE, 4))[:, None].float()

    def covered(inputs: Any) -> tuple[Any, Any]:
        there = covers.repeat(len(inputs) // squares, 1, 1, 1).expand_as(inputs)
        return there, inputs * (1 - there)

    shares = torch.tensor(maps)[:, None].expand_as(given) / _CHANNELS
    settings = {"target": _LABEL, "n_perturb_samples": squares, "normalize": True}
    left = infidelity(other, covered, given, shares, **settings).detach().numpy()
    falls = np.stack([_falls(other, one, covers) for one in given])
    left, told = (
        left / np.square(falls).mean(axis=1),
        found < 1,
    )  # ours is 1 where only a factor below 0 would tell more
    yield "Captum: infidelity, over the mean squared fall", found[told], left[told], _ROUNDING


def _falls(other: Any, image: Any, covers: Any) -> np.ndarray:
    return (other(image[None]) - other(image[None] * (1 - covers))).detach().numpy()[:, _LABEL]


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")


def main() -> int:
    """Compare all; the number of methods that differ."""
    from importlib.metadata import version

    _say(", ".join(f"{name} {version(name)}" for name in ("torch", "zennit", "captum", "shap", "keras", "tensorflow")))
    images = np.random.default_rng(1).uniform(-1, 1, (4, _SIZE, _SIZE, _CHANNELS)).astype(np.float32)
    wrong = 0
    for normalised in (False, True):
        _say("\nwith batch normalisation" if normalised else "\nwithout batch normalisation")
        model = keras_model(normalised)
        for compared in (of_zennit, of_captum, of_deep_lift):
            for name, ours, theirs, tolerance in compared(model, images):
                difference = np.abs(ours - theirs).max() / np.abs(theirs).max()
                wrong += int(difference > tolerance)  # one of NumPy is no exit code
                _say(f"{name:50} {difference:.1e}" + (f"  above {tolerance:.1e}" if difference > tolerance else ""))
    return wrong


if __name__ == "__main__":
    sys.exit(min(main(), 1))
