"""Loading: what is taken, and what is refused with which way out."""

import pickle
import sys
import zipfile

import numpy as np
import pytest

from featurelens.models.model_files.loading import import_custom_objects, load_model, shipped_models

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
IMAGES = np.random.default_rng(0).random((3, 6, 6, 1), np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """One small model in every format, and the same in every broken state."""
    import keras

    path = tmp_path_factory.mktemp("models")
    model = _model(keras.layers.ReLU(name="middle"))
    model.save(path / "good.keras")
    model.save(path / "good.h5")
    model.export(path / "good", verbose=False)
    model.save_weights(path / "only.weights.h5")
    (path / "bare.npy").write_bytes(b"\x93NUMPY")
    for name in ("good.keras", "good.h5"):
        content = (path / name).read_bytes()
        (path / f"cut.{name[5:]}").write_bytes(content[: len(content) // 2])
    (path / "misnamed.h5").write_bytes((path / "good.keras").read_bytes())
    (path / "misnamed.keras").write_bytes((path / "good.h5").read_bytes())
    (path / "empty.keras").touch()
    (path / "pickled.keras").write_bytes(pickle.dumps({"weights": [1]}))
    with zipfile.ZipFile(path / "torch.keras", "w") as archive:
        archive.writestr("model/data.pkl", pickle.dumps([1]))
    with zipfile.ZipFile(path / "other.keras", "w") as archive:
        archive.writestr("readme.txt", "hello")
    with zipfile.ZipFile(path / "garbled.keras", "w") as archive:
        archive.writestr("config.json", "{")
    content = bytearray((path / "good.keras").read_bytes())
    content[len(content) // 2] ^= 255  # inside the weights
    (path / "damaged.keras").write_bytes(content)
    return path


def _model(middle):
    import keras

    model = keras.Sequential(
        [
            keras.Input((6, 6, 1)),
            keras.layers.Conv2D(2, 3, kernel_initializer=keras.initializers.GlorotUniform(seed=1)),
            middle,
            keras.layers.GlobalAveragePooling2D(),
            keras.layers.Softmax(),
        ]
    )
    model.compile(loss="mse")
    return model


@pytest.mark.parametrize("name", ["good.keras", "good.h5"])
def test_files_are_loaded_uncompiled(name, folder):
    expected = _model(_relu())(IMAGES)
    model = load_model(folder / name)
    np.testing.assert_allclose(model(IMAGES), expected, rtol=1e-6)
    assert not model.compiled


def test_a_saved_model_predicts_as_one_layer_once_it_is_trusted(folder):
    with pytest.raises(ValueError, match=r"SavedModel graph.*--allow-code"):
        load_model(folder / "good")
    model = load_model(folder / "good", allow_code=True)
    np.testing.assert_allclose(model(IMAGES), _model(_relu())(IMAGES), rtol=1e-5)
    assert [layer.name for layer in model.layers] == ["input", "saved_model"]


def test_shipped_models_are_loaded_by_name():
    assert "zero_padded_dropout" in shipped_models()
    assert load_model("zero_padded_dropout").output_shape == (None, 10)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("cut.keras", "a zip file that is cut off.*Copy or download it anew"),
        ("cut.h5", "cut off or damaged.*Copy it anew"),
        ("damaged.keras", "part 'model.weights.h5' is damaged.*anew"),
        ("garbled.keras", "description is no JSON"),
        ("misnamed.h5", "Rename it to 'misnamed.keras'"),
        ("misnamed.keras", "Rename it to 'misnamed.h5'"),
        ("empty.keras", "an empty file.*model.save"),
        ("pickled.keras", "a pickle, which could run any code.*model.save"),
        ("torch.keras", r"an archive with a pickle.*PyTorch\?"),
        ("other.keras", "a zip file without config.json"),
        ("bare.npy", "a file of another kind.*model.save"),
        ("only.weights.h5", r"weights only\?.*model.save"),
        (".", "a folder without saved_model.pb"),
        ("zero_paded_dropout", "Did you mean 'zero_padded_dropout'.*path of a .keras file"),
    ],
)
def test_what_is_not_a_model_is_refused_by_its_kind(name, message, folder):
    with pytest.raises(ValueError, match=message):
        load_model(name if "." not in name else folder / name)


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_lambda_layer_is_refused_and_never_run_unless_allowed(suffix, tmp_path):
    import keras

    def leave_a_trace(x, path=str(tmp_path / "ran")):
        open(path, "w").close()  # noqa: PTH123 - the function travels alone, without imports
        return x

    file = tmp_path / f"lambda{suffix}"
    _model(keras.layers.Lambda(leave_a_trace, name="spy", output_shape=(4, 4, 2))).save(file)
    (tmp_path / "ran").unlink(missing_ok=True)
    with pytest.raises(ValueError, match=r"layer 'spy' \(Lambda\).*--allow-code"):
        load_model(file)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_a_lambda_layer_is_loaded_where_it_is_allowed(suffix, tmp_path):
    import keras

    file = tmp_path / f"lambda{suffix}"
    model = _model(keras.layers.Lambda(lambda x: x * 2))
    model.save(file)
    np.testing.assert_allclose(load_model(file, allow_code=True)(IMAGES), model(IMAGES), rtol=1e-6)


@pytest.mark.parametrize(
    ("suffix", "named"),
    [
        (".keras", "names my_layers.Doubled.*--custom-objects my_layers:Doubled"),
        (".h5", "'Doubled'.*--custom-objects module:name"),
    ],
)
def test_a_custom_layer_is_asked_for_by_its_name(suffix, named, tmp_path, monkeypatch):
    (tmp_path / "my_layers.py").write_text(
        "import keras\n\nclass Doubled(keras.layers.Layer):\n    def call(self, x):\n        return x * 2\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    objects = import_custom_objects(["my_layers:Doubled"])
    model = _model(objects["Doubled"]())
    model.save(tmp_path / f"custom{suffix}")
    with pytest.raises(ValueError, match=named):
        load_model(tmp_path / f"custom{suffix}")
    loaded = load_model(tmp_path / f"custom{suffix}", custom_objects=objects)
    np.testing.assert_allclose(loaded(IMAGES), model(IMAGES), rtol=1e-6)


@pytest.mark.parametrize("entry", ["my_missing_module:Layer", "math:Layer", "Layer", ":Layer"])
def test_a_custom_object_that_cannot_be_imported(entry, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path])
    with pytest.raises(ValueError, match=f"as module:name. Received '{entry}'.*check both names"):
        import_custom_objects([entry])


def _relu():
    import keras

    return keras.layers.ReLU()
