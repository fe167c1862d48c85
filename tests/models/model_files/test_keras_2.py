"""Files of Keras 2 are opened through tf_keras; where it is missing, the message names it, and nothing else."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from featurelens.interpret import GradCAM, inspect_model
from featurelens.models import load_model
from featurelens.models.model_files.keras_2 import cause

library = pytest.importorskip("tf_keras")
layers = library.layers
pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]
PICTURES = np.random.default_rng(0).random((3, 8, 8, 3), dtype=np.float32)


def with_operators() -> Any:
    """Grouped parts and plain TensorFlow in a Functional model: DepthwiseConv2D(groups), TFOpLambda."""
    import tensorflow as tf

    library.utils.set_random_seed(0)
    image = library.Input((8, 8, 3))
    spread = tf.nn.relu(layers.DepthwiseConv2D(3, name="depthwise")(image) * 2.0)
    pooled = layers.GlobalAveragePooling2D()(layers.Conv2D(4, 3, name="conv")(spread))
    return library.Model(image, layers.Dense(3, activation="softmax")(pooled))


@pytest.fixture(scope="module", params=["model.h5", "model.keras", "as_keras_2_wrote_it.keras"])
def saved(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    model, path = with_operators(), tmp_path_factory.mktemp("two") / request.param
    model.save(path)
    if request.param.startswith("as_"):  # Keras 2 was its own package then
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        assert b"tf_keras.src.engine" in parts["config.json"]
        parts["config.json"] = parts["config.json"].replace(b"tf_keras.src.", b"keras.src.")
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in parts.items():
                archive.writestr(name, content)
    return model, path


def test_it_is_the_model_that_was_saved(saved: tuple[Any, Path]) -> None:
    model, path = saved
    loaded = load_model(path)
    np.testing.assert_allclose(loaded(PICTURES), model(PICTURES), rtol=1e-5)
    expected = GradCAM(model)(PICTURES, 1)
    np.testing.assert_allclose(GradCAM(loaded)(PICTURES, 1), expected, rtol=1e-4, atol=1e-6 * expected.max())


def test_without_tf_keras_the_message_names_it(saved: tuple[Any, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tf_keras", None)
    with pytest.raises(ValueError, match=r"saved by Keras 2\.\d+.*pip install tf_keras") as refused:
        load_model(saved[1])
    assert len(str(refused.value).replace(str(saved[1]), "model")) < 400
    assert "config" not in str(refused.value) and "Functional" not in str(refused.value)


def test_a_saved_model_with_an_old_optimizer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = library.Sequential([layers.Flatten(input_shape=(8, 8, 3)), layers.Dense(3, activation="softmax")])
    model.compile(library.optimizers.legacy.Adam(), "sparse_categorical_crossentropy")
    model.fit(PICTURES, np.array([0, 1, 2]), verbose=0)
    model.save(tmp_path / "folder", save_format="tf")
    loaded = load_model(tmp_path / "folder", allow_code=True)
    np.testing.assert_allclose(loaded(PICTURES), model(PICTURES), rtol=1e-5)


def test_a_saved_model_that_cannot_be_loaded_is_refused(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "saved_model.pb").write_bytes(b"no protocol buffer")
    with pytest.raises(ValueError, match=r"Expected a SavedModel that TensorFlow can load.*model.export\(folder\)"):
        load_model(tmp_path / "folder", allow_code=True)


def test_a_saved_model_of_several_outputs_can_name_one(tmp_path: Path) -> None:
    image = library.Input((8, 8, 3))
    flat = layers.Flatten()(image)
    kinds = layers.Dense(3, activation="softmax")(flat)
    model = library.Model(image, [kinds, layers.Dense(2, activation="softmax")(flat)])
    model.export(tmp_path / "folder")
    loaded = load_model(tmp_path / "folder", allow_code=True)
    sizes = {name: inspect_model(loaded, PICTURES, output=name).classes for name in ("output_0", "output_1")}
    assert sizes == {"output_0": 3, "output_1": 2}


def test_a_cause_is_short_and_holds_no_description() -> None:
    long = ValueError("Unrecognized " + "very " * 100 + "long. Full object config: {'layers': [1]}")
    assert len(cause(long)) <= 160 and "layers" not in cause(long)
