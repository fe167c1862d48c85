"""Model files that mean harm, or that claim what they do not hold: refused by name, at once, before Keras sees them."""

from __future__ import annotations

import io
import json
import os
import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest

from featurelens.models import load_model
from featurelens.models.file_limits import LIMITS, Limits, require_regular_file
from featurelens.models.json_files import nesting
from featurelens.models.model_files.contents import foreign_names

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
SMALL = Limits(free_bytes=2**16, unpacked_share=10)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("good") / "good.keras"
    keras.Sequential(
        [keras.Input((4, 4, 1)), keras.layers.Conv2D(2, 3, name="conv"), keras.layers.Flatten(), keras.layers.Softmax()]
    ).save(path)
    return path


def changed(good: Path, target: Path, **members: bytes | None) -> Path:
    """The good model with other members, named without dots; None takes one away."""
    names = {name.replace(".", "_"): name for name in ("config.json", "model.weights.h5", "metadata.json")}
    with zipfile.ZipFile(good) as source, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as made:
        for plain, name in names.items():
            content = members.get(plain, source.read(name))
            if content is not None:
                made.writestr(name, content)
        for extra in members.keys() - names.keys():
            made.writestr(extra, members[extra] or b"")
    return target


def with_layer(good: Path, target: Path, layer: dict[str, Any]) -> Path:
    """The good model whose second layer is described by `layer`."""
    with zipfile.ZipFile(good) as source:
        config = json.loads(source.read("config.json"))
    config["config"]["layers"][1] = layer
    return changed(good, target, config_json=json.dumps(config).encode())


HARMFUL = {
    "a function of the system": {"module": "os", "class_name": "function", "config": "system", "registered_name": "f"},
    "a function that Keras itself has": {"module": "keras.utils", "class_name": "function", "config": "get_file"},
    "a class of Python": {"module": "subprocess", "class_name": "Popen", "config": {"args": "touch ran"}},
    "a name with dots": {"module": "keras.layers", "class_name": "os.system", "config": {}},
    "a neighbour's name": {"module": "keras.layersx", "class_name": "Dense", "config": {}},
    "a builtin": {"module": "builtins", "class_name": "eval", "config": {}},
    "a file as a vocabulary": {
        "module": "keras.layers",
        "class_name": "StringLookup",
        "config": {"vocabulary": "/etc/passwd"},
    },
    "a function of TensorFlow that writes": {"class_name": "TFOpLambda", "config": {"function": "io.write_file"}},
    "a raw function of TensorFlow": {"class_name": "TFOpLambda", "config": {"function": "py_function"}},
}


@pytest.mark.parametrize("part", HARMFUL.values(), ids=HARMFUL)
def test_a_name_that_is_no_part_of_keras_is_refused(part: dict[str, Any], good: Path, tmp_path: Path) -> None:
    assert len(foreign_names(part)) == 1
    file = with_layer(
        good, tmp_path / "bad.keras", {"module": "keras.layers", "class_name": "Activation", "config": part}
    )
    with pytest.raises(ValueError, match=r"which names .*do not open the file|--custom-objects"):
        load_model(file)


@pytest.mark.parametrize(
    "part",
    [
        {"module": "keras.layers", "class_name": "Dense", "config": {"units": 2}},
        {"module": "keras", "class_name": "DTypePolicy", "config": {"name": "float32"}},
        {"module": "keras.src.ops.numpy", "class_name": "Add", "config": {}},
        {"module": "builtins", "class_name": "function", "config": "relu"},
        {"class_name": "TFOpLambda", "config": {"function": "math.reduce_mean"}},
        {"class_name": "__keras_tensor__", "config": {"shape": [None, 2]}},
        {"compile_config": {"module": "mine", "class_name": "Loss", "config": {}}},
    ],
)
def test_what_builds_layers_is_taken(part: dict[str, Any]) -> None:
    assert foreign_names(part) == []


def test_a_name_of_ones_own_is_taken_only_as_keras_looks_it_up() -> None:
    layer = {"module": "mine", "class_name": "Twice", "config": {}, "registered_name": "pack>Twice"}
    assert foreign_names(layer) == ["mine.Twice"]
    assert foreign_names(layer, {"Twice"}) == []
    borrowed = {"module": "os", "class_name": "function", "config": "system", "registered_name": "Twice"}
    assert foreign_names(borrowed, {"Twice"}) == ["os.system"]


def hdf5(make: Any) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        make(file)
    return buffer.getvalue()


def _external_storage(file: h5py.File) -> None:
    file.create_dataset("kernel", (4,), "u1", external=[("/etc/passwd", 0, 4)])


def _virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("elsewhere.h5", "kernel", (4,))
    file.create_virtual_dataset("kernel", layout)


POINTING = {
    "external link": (lambda file: file.__setitem__("kernel", h5py.ExternalLink("other.h5", "/x")), "a link 'kernel'"),
    "soft link": (lambda file: file.__setitem__("kernel", h5py.SoftLink("/layers")), "a link 'kernel'"),
    "external storage": (_external_storage, "stored in another file"),
    "virtual": (_virtual, "stored in another file"),
}


@pytest.mark.parametrize(("make", "said"), POINTING.values(), ids=POINTING)
@pytest.mark.parametrize("suffix", [".keras", ".h5"])
def test_weights_that_lie_elsewhere_are_refused(make: Any, said: str, suffix: str, good: Path, tmp_path: Path) -> None:
    file = tmp_path / f"bad{suffix}"
    if suffix == ".keras":
        changed(good, file, model_weights_h5=hdf5(make))
    else:
        file.write_bytes(hdf5(lambda made: (make(made), made.attrs.__setitem__("model_config", "{}"))))
    with pytest.raises(ValueError, match=said):
        load_model(file)


def test_values_that_are_claimed_but_not_stored_are_refused(good: Path, tmp_path: Path) -> None:
    claims = hdf5(lambda file: file.create_dataset("kernel", (2**38,), "f4", chunks=(2**20,), fillvalue=0))
    assert len(claims) < 10_000
    with pytest.raises(ValueError, match=r"1024\.0 GiB.*--size-limit"):
        load_model(changed(good, tmp_path / "claims.keras", model_weights_h5=claims))


def test_an_archive_that_unpacks_to_far_more_is_refused_until_the_limit_is_raised(good: Path, tmp_path: Path) -> None:
    file = changed(good, tmp_path / "bomb.keras", **{"assets/zeros": bytes(2**20)})
    with pytest.raises(ValueError, match=r"unpack to at most.*--size-limit"):
        load_model(file, limits=SMALL)
    assert load_model(file, limits=SMALL.raised(2**23)).output_shape == (None, 8)


@pytest.mark.parametrize("text", [b"[" * 5000 + b"]" * 5000, b'{"a":' * 5000 + b"1" + b"}" * 5000])
def test_a_description_nested_without_end_is_refused(text: bytes, good: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="nested 5000 deep, where 150 is the most"):
        load_model(changed(good, tmp_path / "deep.keras", config_json=text))


def test_nesting_is_counted_outside_of_strings() -> None:
    assert nesting(rb'{"a": "[[[\"[[[", "b": [[]], "c\\": [[[]]]}') == 4


@pytest.mark.parametrize("name", ["../outside", "/outside", "a\\b"])
def test_a_part_that_leads_out_of_the_archive_is_refused(name: str, good: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="leads out of it"):
        load_model(changed(good, tmp_path / "path.keras", **{name: b"x"}))


def test_a_part_that_no_model_has_is_refused(good: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="none of a model's"):
        load_model(changed(good, tmp_path / "more.keras", **{"setup.py": b"x"}))


def test_an_encrypted_archive_is_named(good: Path, tmp_path: Path) -> None:
    content = bytearray(good.read_bytes())
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the bit that says encrypted, in both headers
        place = content.find(signature)
        while place >= 0:
            content[place + at] |= 1
            place = content.find(signature, place + 4)
    (tmp_path / "locked.keras").write_bytes(content)
    with pytest.raises(ValueError, match="an encrypted archive"):
        load_model(tmp_path / "locked.keras")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")
def test_what_never_ends_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.keras")
    (tmp_path / "zero.keras").symlink_to("/dev/zero")
    for name, kind in (("pipe.keras", "a pipe"), ("zero.keras", "a device")):
        with pytest.raises(ValueError, match=kind):
            load_model(tmp_path / name)


@pytest.mark.parametrize("content", [b"P", b"\x80", b"\x89", b"PK"])
def test_a_file_of_a_byte_or_two_is_refused_in_words(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "tiny.keras").write_bytes(content)
    with pytest.raises(ValueError, match="Expected a Keras model"):
        load_model(tmp_path / "tiny.keras")


def test_a_file_over_the_limit_is_refused_by_its_size(tmp_path: Path) -> None:
    file = tmp_path / "huge.keras"
    with file.open("wb") as opened:
        opened.truncate(LIMITS.file_bytes + 1)  # sparse: nothing is stored
    with pytest.raises(ValueError, match=r"at most 4\.0 GiB.*--size-limit 6"):
        require_regular_file(file)


def test_the_good_model_still_loads(good: Path) -> None:
    assert load_model(good)(np.zeros((1, 4, 4, 1))).shape == (1, 8)
