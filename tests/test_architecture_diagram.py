"""The architecture as a picture: every layer has its block with name, output and parameters; none lies on another."""

import re

import numpy as np
import pytest
from small_models import sequential

from featurelens.interpret import LayerInformation, ModelInformation, inspect_model
from featurelens.reports.architecture_diagram import architecture_diagram, family

HOSTILE = "</text></svg><script>alert(1)</script> $x_1"


def layer(name, kind="Conv2D", output=(8, 8, 4), parameters=0):
    return LayerInformation(name, kind, output, parameters, True, False, None)


def model_of(layers):
    return ModelInformation("made", tuple(layers), "softmax", 10, 0.0, 8, (28, 28, 1), 1234, None)


def texts(plot):
    return re.findall(r"<text[^>]*>([^<]*)</text>", plot.svg())


def test_a_model_is_drawn_layer_by_layer():
    information = inspect_model(sequential())
    plot = architecture_diagram(information)
    shown = texts(plot)
    assert "8 × 8 × 3" in shown  # the input
    for part in information.layers:
        assert part.name in shown and part.kind in shown
    assert "112 parameters" in shown and "243 parameters" in shown  # 3*3*3*4 + 4; 4*4*5 * 3 + 3
    order = [shown.index(part.name) for part in information.layers]
    assert order == sorted(order)
    assert plot.png(dpi=40).startswith(b"\x89PNG")


def test_a_model_with_branches_says_in_the_picture_that_they_are_not_drawn():
    chain, joining = [layer("one"), layer("two")], [layer("sum", "Add"), layer("both", "Concatenate")]
    said = "are not drawn; joined at Add and Concatenate."
    assert said in texts(architecture_diagram(model_of([*chain, *joining])))
    assert not any("drawn" in text for text in texts(architecture_diagram(model_of(chain))))


@pytest.mark.parametrize("layers", [1, 12, 15, 16, 150])
def test_blocks_never_overlap_and_stay_on_the_paper(layers):
    plot = architecture_diagram(model_of([layer(f"layer {number}") for number in range(layers)]))
    drawn = plot.figure.axes[0]
    blocks = [patch.get_bbox().bounds for patch in drawn.patches if type(patch).__name__ == "FancyBboxPatch"]
    assert len(blocks) == layers + 1
    corners = np.array([(x, y) for x, y, _, _ in blocks])
    apart = np.abs(corners[:, None] - corners[None])
    width, height = blocks[0][2:]
    clear = (apart[..., 0] >= width) | (apart[..., 1] >= height) | np.eye(layers + 1, dtype=bool)
    assert clear.all()
    (left, right), (low, high) = drawn.get_xlim(), drawn.get_ylim()
    assert corners[:, 0].min() >= left and corners[:, 0].max() + width <= right
    assert corners[:, 1].min() >= low and corners[:, 1].max() + height <= high
    assert len(set(corners[:, 0].tolist())) <= 4


def test_names_from_outside_are_text_and_long_ones_keep_their_end():
    plot = architecture_diagram(model_of([layer(HOSTILE), layer("a_very_long_name_of_a_layer_number_7")]))
    assert "<script" not in plot.svg()
    assert any(text.endswith("number_7") and len(text) <= 22 for text in texts(plot))


def test_sizes_left_open_and_single_numbers_are_drawn():
    plot = architecture_diagram(model_of([layer("open", output=(None, None, 8)), layer("one", output=(1,))]))
    assert "any × any × 8" in texts(plot)


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("DepthwiseConv2D", "convolution"),
        ("GlobalAveragePooling2D", "pooling"),
        ("BatchNormalization", "normalisation"),
        ("SpatialDropout2D", "dropout, augmentation"),
        ("RandomFlip", "dropout, augmentation"),
        ("LeakyReLU", "activation"),
        ("Dense", "dense"),
        ("Add", "other"),
    ],
)
def test_kinds_have_their_family(kind, expected):
    assert family(layer("a", kind)) == expected
