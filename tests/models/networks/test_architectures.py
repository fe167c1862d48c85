"""The networks: their layers, sizes and numbers of weights, worked out by hand, and their seeds."""

import numpy as np
import pytest

from featurelens.models.networks.architectures import architectures, build_model
from featurelens.models.networks.recipes import Recipe, check_recipe, recipe
from featurelens.models.networks.transfer_network import available_weights

PLAIN = [name for name in architectures() if name != "transfer"]


def test_zero_padded_dropout_is_the_published_one():
    model = build_model("zero_padded_dropout")
    assert [layer.name for layer in model.layers] == [
        *("pad1", "conv1", "dropout1", "pool1", "pad2", "conv2", "dropout2", "pool2"),
        *("flatten", "dense1", "dropout3", "dense2"),
    ]
    assert model.inputs[0].name == "input"
    shapes = {layer.name: tuple(layer.output.shape[1:]) for layer in model.layers}
    assert shapes["pad1"] == (30, 30, 1)
    assert shapes["conv1"] == (28, 28, 32)
    assert shapes["pool1"] == (14, 14, 32)
    assert shapes["pad2"] == (16, 16, 32)
    assert shapes["pool2"] == (7, 7, 64)
    assert [model.get_layer(f"dropout{number}").rate for number in (1, 2, 3)] == [0.5, 0.5, 0.5]
    assert model.get_layer("dense2").activation.__name__ == "softmax"


# convolution: (3 * 3 * channels in + 1) * channels out; dense: (units in + 1) * units out
@pytest.mark.parametrize(
    ("name", "weights"),
    [
        ("zero_padded_dropout", 10 * 32 + 289 * 64 + (7 * 7 * 64 + 1) * 128 + 129 * 10),
        ("three_conv", 10 * 32 + 289 * 64 + 577 * 128 + (3 * 3 * 128 + 1) * 128 + 129 * 10),
        ("three_conv_dropout", 10 * 32 + 289 * 64 + 577 * 128 + (3 * 3 * 128 + 1) * 128 + 129 * 10),
        ("early_stopping", 10 * 32 + 289 * 64 + (7 * 7 * 64 + 1) * 128 + 129 * 10),
        # no biases before the normalisation, which has four numbers for each channel
        (
            "vit",  # convolutions, positions, 4 blocks (2 norms, 4 kernels of attention, 2 dense), norm, dense
            *(10 * 32 + 289 * 64 + (64 + 50) * 64 + 4 * (4 * 64 + 4 * 64**2 + 65 * 128 + 129 * 64) + 2 * 64 + 65 * 10,),
        ),
        ("batchnorm_gap", 9 * 64 + 576 * 128 + 1152 * 256 + 4 * 448 + 257 * 128 + 129 * 10),
    ],
)
def test_numbers_of_weights(name, weights):
    assert build_model(name).count_params() == weights


def test_the_residual_network_is_under_three_megabytes():
    assert 4 * build_model("residual").count_params() < 3e6


@pytest.mark.parametrize("name", PLAIN)
def test_the_seed_decides_the_weights(name):
    first, again, other = (build_model(name, seed).get_weights() for seed in (1, 1, 2))
    assert all(np.array_equal(a, b) for a, b in zip(first, again, strict=True))
    kernels = [(a, b) for a, b in zip(first, other, strict=True) if a.ndim > 1]
    assert kernels
    assert not any(np.array_equal(a, b) for a, b in kernels)


def test_building_leaves_the_global_random_state_alone():
    state = np.random.get_state()[1]  # noqa: NPY002 - it is the global state that is looked at
    build_model("three_conv_dropout", seed=3)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


@pytest.mark.parametrize("name", PLAIN)
def test_other_images_and_classes(name):
    model = build_model(name, input_shape=(32, 40, 3), classes=3)
    probabilities = np.asarray(model(np.random.default_rng(0).random((2, 32, 40, 3), np.float32)))
    assert probabilities.shape == (2, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


def test_transfer_learns_all_of_a_base_with_random_weights_which_the_seed_decides():
    first, again = (build_model("transfer", 5, base_weights="random") for _ in range(2))
    base = first.get_layer("MobileNetV2")
    assert base.trainable
    kernels = base.get_weights()[0], again.get_layer("MobileNetV2").get_weights()[0]
    np.testing.assert_array_equal(*kernels)
    assert np.asarray(first(np.zeros((1, 28, 28, 1), np.float32))).shape == (1, 10)


def test_transfer_goes_on_with_random_weights_where_none_can_be_downloaded(monkeypatch):
    import keras

    def offline(include_top, weights, input_shape, name):
        raise Exception("URL fetch failure")

    monkeypatch.setattr(keras.applications, "MobileNetV2", offline)
    with pytest.warns(UserWarning, match="URL fetch failure.*starts from random"):
        assert available_weights("MobileNetV2", "imagenet") == "random"
    with pytest.raises(ValueError, match="pass random base weights"):
        build_model("transfer")


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        (("three_cnov",), {}, "Did you mean 'three_conv'"),
        (("three_conv",), {"base": "MobileNetV2"}, "build the architecture 'transfer'"),
        (("three_conv",), {"classes": 1}, "at least 2 classes. Received 1"),
        (("transfer",), {"base": "MobileNet2"}, "Did you mean 'MobileNetV2'"),
        (("transfer",), {"base_weights": "none"}, "imagenet, random"),
        (("transfer",), {"input_shape": (28, 28, 2)}, "Received 2 channels"),
    ],
)
def test_what_cannot_be_built_is_refused(arguments, options, message):
    with pytest.raises(ValueError, match=message):
        build_model(*arguments, **options)


def test_every_architecture_has_a_recipe_that_can_be_followed():
    for name in architectures():
        check_recipe(recipe(name))
    with pytest.raises(ValueError, match="Did you mean 'residual'"):
        recipe("residul")


@pytest.mark.parametrize(
    "field",
    [
        {"optimizer": "sgd"},
        {"epochs": 0},
        {"batch_size": 0},
        {"patience": 0},
        {"seed": -1},
        {"learning_rate": 0.0},
        {"validation_share": 1.0},
        {"label_smoothing": 0.1},  # the sparse loss has no smoothing
        {"weight_decay": 0.1},  # Adam has no decay
        {"augmentation": ("rotate",)},
        {"schedule": "steps"},
        {"monitor": "test_loss"},
    ],
)
def test_a_recipe_that_cannot_be_followed_is_refused_by_its_field(field):
    with pytest.raises(ValueError, match=f"recipe's {next(iter(field))} to be .* Change it"):
        check_recipe(Recipe("three_conv", **field))
