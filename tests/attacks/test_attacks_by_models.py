"""Model files that would run code, lead elsewhere, unpack without end, are nested without end, or are damaged."""

from __future__ import annotations

import io
import json
import os
import pickle
import zipfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from attacks import RAN, Attack, as_parameters, raw_file, refuse, sparse

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")
TOUCH = f"touch {RAN}"


@cache
def honest() -> dict[str, bytes]:
    """The members of a small model's file."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "m.keras")
        layers = [keras.layers.Conv2D(2, 3, name="conv"), keras.layers.Flatten(), keras.layers.Dense(3, name="dense")]
        keras.Sequential([keras.Input((4, 4, 1)), *layers], name="model").save(path)
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}


def inspect(name: str, make: Callable[[Path], object], says: str, file: str = "x.keras") -> Attack:
    return Attack(name, make, f"inspect {file}", says)


def archive(change: Callable[[dict[str, bytes]], object]) -> Callable[[Path], object]:
    """The honest model with its members changed."""

    def make(folder: Path) -> None:
        members = dict(honest())
        change(members)
        with zipfile.ZipFile(folder / "x.keras", "w", zipfile.ZIP_DEFLATED) as file:
            for name, content in members.items():
                file.writestr(name, content)

    return make


def member(name: str, content: bytes | Callable[[], bytes]) -> Callable[[Path], object]:
    return archive(lambda members: members.__setitem__(name, content if isinstance(content, bytes) else content()))


def layer(described: dict[str, Any]) -> Callable[[Path], object]:
    """The honest model with another layer in the place of its second."""

    def change(members: dict[str, bytes]) -> None:
        config = json.loads(members["config.json"])
        config["config"]["layers"][1] = described
        members["config.json"] = json.dumps(config).encode()

    return archive(change)


def weights(write: Callable[[h5py.File], object]) -> Callable[[Path], object]:
    def content() -> bytes:
        made = io.BytesIO()
        with h5py.File(made, "w") as file:
            write(file)
        return made.getvalue()

    return member("model.weights.h5", content)


def legacy(write: Callable[[h5py.File], object]) -> Callable[[Path], object]:
    """An HDF5 model of Keras 2, described and written by `write`."""

    def make(folder: Path) -> None:
        with h5py.File(folder / "x.h5", "w") as file:
            write(file)

    return make


def described(text: bytes | str) -> Callable[[h5py.File], object]:
    return lambda file: file.attrs.__setitem__("model_config", np.bytes_(text) if isinstance(text, bytes) else text)


def _named(module: str | None, kind: str, config: Any) -> dict[str, Any]:
    return {"module": module, "class_name": kind, "config": config, "registered_name": None}


def _activation(inner: Any) -> dict[str, Any]:
    return _named("keras.layers", "Activation", {"name": "a", "activation": inner})


def _lambda() -> dict[str, Any]:
    import base64
    import marshal

    code = base64.b64encode(marshal.dumps(compile(f"__import__('os').system('{TOUCH}')", "x", "eval"))).decode()
    return _named("keras.layers", "Lambda", {"name": "l", "function": _named("builtins", "__lambda__", {"code": code})})


def _virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("elsewhere.h5", "kernel", (4,))
    file.create_virtual_dataset("kernel", layout)


def _encrypted(folder: Path) -> None:
    archive(lambda members: None)(folder)
    content = bytearray((folder / "x.keras").read_bytes())
    for signature, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        place = content.find(signature)
        while place >= 0:
            content[place + at] |= 1
            place = content.find(signature, place + 4)
    (folder / "x.keras").write_bytes(content)


def _zeros_in_a_zip(folder: Path, size: int = 2**29) -> None:
    with zipfile.ZipFile(folder / "x.keras", "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in honest().items():
            file.writestr(name, content)
        with file.open("assets/zeros", "w") as zeros:
            for _ in range(size // 2**24):
                zeros.write(bytes(2**24))


class Touch:
    def __reduce__(self) -> Any:
        return os.system, (TOUCH,)


def _pytorch(folder: Path) -> None:
    with zipfile.ZipFile(folder / "x.keras", "w") as file:
        file.writestr("archive/data.pkl", pickle.dumps(Touch()))


CODE = (
    inspect("os.system as a function", layer(_activation(_named("os", "function", "system"))), "os.system"),
    inspect("os.system as a layer", layer(_named("os", "system", {"command": TOUCH})), "os.system"),
    inspect("subprocess", layer(_named("subprocess", "Popen", {"args": TOUCH, "shell": True})), "subprocess.Popen"),
    inspect("eval", layer(_activation(_named("builtins", "eval", TOUCH))), "builtins.eval"),
    inspect("a file fetched", layer(_activation(_named("keras.utils", "function", "get_file"))), "get_file"),
    inspect("a name with dots", layer(_named("keras.layers", "os.system", {})), "os.system"),
    inspect("a neighbour of Keras", layer(_named("keras.layersx", "Dense", {})), "keras.layersx"),
    inspect("a Lambda layer", layer(_lambda()), "--allow-code"),
    inspect(
        "a lambda as an activation", layer(_activation(_named("builtins", "__lambda__", {"code": "x"}))), "--allow-code"
    ),
    inspect(
        "a SavedModel within",
        layer(_named("keras.layers", "TFSMLayer", {"filepath": "/tmp", "name": "s"})),
        "--allow-code",
    ),
    inspect(
        "a module of PyTorch", layer(_named("keras.layers", "TorchModuleWrapper", {"module": "x"})), "--allow-code"
    ),
    inspect(
        "a vocabulary from a file",
        layer(_named("keras.layers", "StringLookup", {"vocabulary": "/etc/passwd"})),
        "/etc/passwd",
    ),
    inspect(
        "a function of TensorFlow that writes",
        layer(_named(None, "TFOpLambda", {"function": "io.write_file"})),
        "tf.io.write_file",
    ),
    inspect("a pickle", raw_file("x.keras", lambda: pickle.dumps(Touch())), "a pickle"),
    inspect("a pickle in an archive", _pytorch, "a pickle"),
    inspect(
        "os.system in HDF5",
        legacy(described(json.dumps(_activation(_named("os", "function", "system"))))),
        "os.system",
        "x.h5",
    ),
    inspect("a Lambda layer in HDF5", legacy(described(json.dumps(_lambda()))), "--allow-code", "x.h5"),
)

ELSEWHERE = (
    inspect(
        "weights by an external link",
        weights(lambda file: file.__setitem__("k", h5py.ExternalLink("o.h5", "/k"))),
        "a link 'k'",
    ),
    inspect(
        "weights by a soft link", weights(lambda file: file.__setitem__("k", h5py.SoftLink("/layers"))), "a link 'k'"
    ),
    inspect("a link to itself", weights(lambda file: file.__setitem__("k", h5py.SoftLink("/k"))), "a link 'k'"),
    inspect(
        "weights in another file",
        weights(lambda file: file.create_dataset("k", (4,), "u1", external=[("/etc/passwd", 0, 4)])),
        "another file",
    ),
    inspect("weights by a virtual data set", weights(_virtual), "another file"),
    inspect(
        "HDF5 by an external link",
        legacy(lambda file: (described("{}")(file), file.__setitem__("k", h5py.ExternalLink("o.h5", "/k")))),
        "a link 'k'",
        "x.h5",
    ),
    inspect(
        "HDF5 in another file",
        legacy(
            lambda file: (described("{}")(file), file.create_dataset("k", (4,), "u1", external=[("/etc/passwd", 0, 4)]))
        ),
        "another file",
        "x.h5",
    ),
    inspect("a path above", member("../outside", b"x"), "leads out of it"),
    inspect("a path from the root", member("/tmp/outside", b"x"), "leads out of it"),
    inspect("a path with a backslash", member("a\\..\\b", b"x"), "leads out of it"),
    inspect("a part that no model has", member("setup.py", b"x"), "none of a model's"),
    inspect("a pipe", lambda folder: os.mkfifo(folder / "x.keras"), "a pipe"),
    inspect("a device", lambda folder: (folder / "x.keras").symlink_to("/dev/zero"), "a device"),
    inspect("a link to itself as a file", lambda folder: (folder / "x.keras").symlink_to("x.keras"), "Expected"),
    inspect("a folder that is none", lambda folder: (folder / "x.keras").mkdir(), "saved_model.pb"),
    inspect(
        "a SavedModel",
        lambda folder: ((folder / "x.keras").mkdir(), (folder / "x.keras/saved_model.pb").write_bytes(b"x")),
        "--allow-code",
    ),
)

CLAIMS = (
    inspect("half a gigabyte of zeros", _zeros_in_a_zip, "size-limit"),
    inspect(
        "weights that are claimed",
        weights(lambda file: file.create_dataset("k", (2**38,), "f4", chunks=(2**20,))),
        "size-limit",
    ),
    inspect(
        "a chunk of a terabyte",
        weights(lambda file: file.create_dataset("k", (4,), "f4", chunks=(2**29,), maxshape=(None,))),
        "size-limit",
    ),
    inspect("a file of five gigabytes", lambda folder: sparse(folder / "x.keras", 5 * 2**30), "size-limit"),
    inspect("lists within lists", member("config.json", b"[" * 100_000 + b"]" * 100_000), "nested"),
    inspect("mappings within mappings", member("config.json", b'{"a":' * 100_000 + b"1" + b"}" * 100_000), "nested"),
    inspect(
        "a description of seventy megabytes", member("config.json", b'"' + b"a" * (70 * 2**20) + b'"'), "size-limit"
    ),
    inspect("nested in HDF5", legacy(lambda file: described(b"[" * 20_000 + b"]" * 20_000)(file)), "nested", "x.h5"),
)

DAMAGED = (
    inspect("encrypted", _encrypted, "an encrypted archive"),
    inspect("empty", raw_file("x.keras", b""), "an empty file"),
    *(
        inspect(f"one byte {byte!r}", raw_file("x.keras", byte), "Expected a Keras model")
        for byte in (b"P", b"\x80", b"\x89", b"{")
    ),
    inspect("its signature alone", raw_file("x.keras", b"PK\x03\x04"), "Expected a Keras model"),
    inspect("HDF5's signature alone", raw_file("x.h5", b"\x89HDF\r\n\x1a\n"), "Expected a Keras model", "x.h5"),
    inspect(
        "random behind the signature",
        raw_file("x.h5", b"\x89HDF\r\n\x1a\n" + bytes(range(256)) * 8),
        "Expected",
        "x.h5",
    ),
    inspect("no description", archive(lambda members: members.pop("config.json")), "without config.json"),
    inspect("a description that is no JSON", member("config.json", b"{"), "no JSON"),
    inspect("a description that is no text", member("config.json", b"\xff\xfe\x00"), "Expected"),
    inspect("a description that is a number", member("config.json", b"3"), "Expected"),
    inspect("a description that is a list", member("config.json", b"[]"), "Expected"),
    inspect("a number of ten thousand digits", member("config.json", b'{"a": ' + b"9" * 10_000 + b"}"), "Expected"),
    inspect("no weights", archive(lambda members: members.pop("model.weights.h5")), "Expected"),
    inspect("weights that are none", member("model.weights.h5", b"x" * 100), "weights that are damaged"),
    inspect("weights only", legacy(lambda file: file.create_group("layers")), "weights only", "x.h5"),
    inspect("a layer that there is not", layer(_named("keras.layers", "Conv9D", {"name": "c"})), "Expected"),
    inspect("a layer of another kind of text", layer({"class_name": 3, "config": []}), "Expected"),
    inspect(
        "odd metadata",
        archive(
            lambda members: (
                members.__setitem__("metadata.json", b"[" * 9000),
                members.__setitem__("config.json", b"{}"),
            )
        ),
        "Expected",
    ),
    inspect(
        "a backslash in a layer's name",
        layer(_named("keras.layers", "Dense", {"units": 2, "name": "a\\b"})),
        "names of letters",
    ),
    inspect(
        "an escape in a layer's name",
        layer(_named("keras.layers", "Dense", {"units": 2, "name": "a\x1b[2J\u202e"})),
        r"a\\u001b\[2J\\u202e",
    ),
    inspect(
        "a line break in a layer's name",
        layer(_named("keras.layers", "Dense", {"units": 2, "name": "a\u2029b\n"})),
        r"a\\u2029b\\n",
    ),
    inspect("a file of another kind", raw_file("x.keras", b"GIF89a" + bytes(90)), "another kind"),
    inspect("data in the place of a model", raw_file("x.npz", b"PK\x03\x04"), "Expected a model", "x.npz"),
)


def _cut(suffix: str, tenths: int) -> Callable[[Path], object]:
    def make(folder: Path) -> None:
        if suffix == "keras":
            archive(lambda members: None)(folder)
        else:
            legacy(lambda file: (described(honest()["config.json"])(file), file.__setitem__("k", np.arange(999))))(
                folder
            )
        path = folder / f"x.{suffix}"
        content = path.read_bytes()
        path.write_bytes(content[: len(content) * tenths // 10])

    return make


CUT = tuple(
    inspect(f"{suffix} at {n}0 %", _cut(suffix, n), "Expected", f"x.{suffix}")
    for suffix in ("keras", "h5")
    for n in range(10)
)
ATTACKS = {"code": CODE, "elsewhere": ELSEWHERE, "claims": CLAIMS, "damaged": DAMAGED, "cut off": CUT}


@pytest.mark.parametrize("attack", as_parameters(ATTACKS))
def test_a_model_that_means_harm_is_refused(
    attack: Attack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    honest()
    monkeypatch.chdir(tmp_path)
    refuse(attack, tmp_path, capfd)
