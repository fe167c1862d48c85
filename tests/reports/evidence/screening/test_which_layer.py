"""The word on another layer: where it must stand, and where it must not."""

from types import SimpleNamespace

import numpy as np
import pytest

from featurelens.interpret.intervals import Interval
from featurelens.interpret.pixel_removal.layer_sweep import LayerSweep
from featurelens.reports.evidence.screening.which_layer import WhichLayer, gather_which_layer, swept_layers
from featurelens.reports.sections.screening.which_layer import WhichLayerSection


def found(low):
    zero = Interval(0, 0, 0, 30)
    advantage = (Interval(0.05, low, 0.09, 30), Interval(-0.1, -0.2, -0.05, 30), zero)
    return WhichLayer("HiResCAM", LayerSweep(("conv1", "conv2", "conv3"), np.array([0.3, 0.1, 0.25]), advantage, 30))


def test_a_better_layer_is_named_with_its_interval():
    (finding,) = WhichLayerSection().findings(found(0.01), None)
    assert "HiResCAM is more faithful at conv1 than at conv3" in finding.sentence
    assert "0.050 (0.010 to 0.090)" in finding.sentence and "30 images" in finding.sentence


def test_silent_where_the_interval_holds_nothing():
    assert list(WhichLayerSection().findings(found(-0.01), None)) == []
    assert "conv2" in WhichLayerSection().html(found(-0.01), None).html


def layers(*kinds):
    return [SimpleNamespace(name=f"l{n}", kind=kind, output_shape=(8, 8, 2)) for n, kind in enumerate(kinds)]


@pytest.mark.parametrize(
    ("kinds", "last", "expected"),
    [
        (("Conv2D", "MaxPooling2D", "Conv2D", "Dense"), "l2", ["l0", "l2"]),
        (("Conv2D",) * 11, "l10", ["l0", "l2", "l4", "l6", "l8", "l10"]),
        (("Dense",), None, []),
    ],
)
def test_which_layers_are_swept(kinds, last, expected):
    seen = SimpleNamespace(information=SimpleNamespace(cam_layer=last, layers=layers(*kinds)))
    assert swept_layers(seen) == expected


def test_nothing_is_swept_where_no_method_passed():
    information = SimpleNamespace(cam_layer="l1", layers=layers("Conv2D", "Conv2D"))
    verdicts = {"HiResCAM": SimpleNamespace(level="weak"), "Saliency": SimpleNamespace(level="good")}
    assert gather_which_layer(SimpleNamespace(information=information, verdicts=verdicts, has_class_maps=True)) is None
