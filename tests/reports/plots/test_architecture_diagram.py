"""The architecture as a picture: every layer has its block with name, output and parameters; none lies on another."""

import re
from dataclasses import replace

import keras
import numpy as np
import pytest
from matplotlib.text import Annotation
from small_models import sequential

from featurelens.interpret import LayerInformation, ModelInformation, inspect_model
from featurelens.interpret.layers.connections import INPUT
from featurelens.reports.plots.architecture import architecture_diagram, family

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


def branching():
    """x - one - two - sum(one, two) - drop (does nothing) - gate(drop) - product(drop, gate)."""
    image = keras.Input((8, 8, 3))
    one = keras.layers.Conv2D(2, 1, name="one")(image)
    two = keras.layers.BatchNormalization(name="two")(one)
    drop = keras.layers.Dropout(0.5, name="drop")(keras.layers.Add(name="sum")([one, two]))
    gate = keras.layers.Activation("sigmoid", name="gate")(drop)
    product = keras.layers.Multiply(name="product")([drop, gate])
    pooled = keras.layers.GlobalAveragePooling2D(name="pooled")(product)
    return keras.Model(image, keras.layers.Dense(3, "softmax", name="dense")(pooled))


def test_a_layer_knows_what_it_reads():
    assert {part.name: part.inputs for part in inspect_model(branching()).layers} == {
        "one": (INPUT,),
        "two": ("one",),
        "sum": ("one", "two"),
        "drop": ("sum",),
        "gate": ("drop",),
        "product": ("drop", "gate"),
        "pooled": ("product",),
        "dense": ("pooled",),
    }
    chain = inspect_model(sequential()).layers
    assert [part.inputs for part in chain] == [(INPUT,), *((part.name,) for part in chain[:-1])]


def ways(plot):
    """Of what goes around blocks: where it leaves, turns and arrives."""
    return [np.array(line.get_xydata()) for line in plot.figure.axes[0].lines]


def heads(plot):
    """How many arrows there are."""
    return sum(isinstance(text, Annotation) for text in plot.figure.axes[0].texts)


def test_what_is_read_from_further_back_goes_around_the_blocks_between():
    plot = architecture_diagram(inspect_model(branching()))
    first, second = ways(plot)
    step = 0.67  # from one block to the next; a block is 0.5 high, so its middle lies 0.25 below its top
    np.testing.assert_allclose(first[[0, -1], 1], [-1 * step - 0.25, -3 * step - 0.25])  # one to sum
    np.testing.assert_allclose(second[[0, -1], 1], [-4 * step - 0.25, -6 * step - 0.25])  # drop to product
    assert (first[1:, 0] < 0).all() and first[0, 0] == 0, "on the left of the column"
    assert heads(plot) == 8 + 2, "an arrow to each of eight layers from the one before it, and two around"
    assert ways(architecture_diagram(inspect_model(sequential()))) == []


def test_ways_beside_each_other_do_not_lie_on_each_other():
    layers = [layer("a"), layer("b"), layer("c"), layer("d")]
    layers[2] = replace(layers[2], inputs=("a",))  # b to c is no connection
    layers[3] = replace(layers[3], inputs=("b", "c"))
    plot = architecture_diagram(model_of(layers))
    one, other = ways(plot)
    assert one[1, 0] != other[1, 0]
    assert heads(plot) == 3 + 2, "no arrow from b to c"


def test_a_shortcut_into_the_next_column_passes_between_the_columns():
    layers = [layer(f"layer {number}") for number in range(30)]
    layers[20] = replace(layers[20], inputs=("layer 10", "layer 19"))
    plot = architecture_diagram(model_of(layers))
    assert len(ways(plot)) == 2, "the shortcut, and the sequence from column to column"
    blocks = [patch.get_bbox() for patch in plot.figure.axes[0].patches if type(patch).__name__ == "FancyBboxPatch"]
    for way in ways(plot):
        corner = way[1:-1, 0]
        assert not any(block.x0 < x < block.x1 for block in blocks for x in corner)


@pytest.mark.parametrize("layers", [1, 12, 40])
def test_every_word_lies_within_the_picture(layers):
    figure = architecture_diagram(model_of([layer(f"layer {number}") for number in range(layers)])).figure
    figure.canvas.draw()
    words = [text.get_window_extent() for text in figure.axes[0].texts if not isinstance(text, Annotation)]
    words.append(figure.axes[0].title.get_window_extent())
    assert all(box.y0 >= 0 and box.y1 <= figure.bbox.height for box in words)


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
