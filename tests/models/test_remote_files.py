"""Data at an address are copied once, and the copy follows what is there: with fsspec's memory, and a server on this machine."""

from __future__ import annotations

import functools
import http.server
import threading

import cv2
import numpy as np
import pytest

from featurelens.models import open_dataset
from featurelens.models.remote_files import is_remote, local_copy

fsspec = pytest.importorskip("fsspec")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("FEATURELENS_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def memory():
    files = fsspec.filesystem("memory")
    files.store.clear()
    yield files
    files.store.clear()


def png(value: int) -> bytes:
    return cv2.imencode(".png", np.full((4, 4, 3), value, np.uint8))[1].tobytes()


def pixels(source: str) -> list[float]:
    return [round(float(image.mean()) * 255) for image in np.asarray(open_dataset(source).images)]


def test_a_folder_is_read_as_if_it_were_here(memory):
    for name, value in (("cat/a.png", 10), ("cat/b.png", 20), ("dog/a.png", 30)):
        memory.pipe(f"/bucket/images/{name}", png(value))
    data = open_dataset("memory://bucket/images")
    assert data.class_names == ("cat", "dog") and data.labels.tolist() == [0, 0, 1]
    assert pixels("memory://bucket/images") == [10, 20, 30]
    assert "memory://bucket/images" in data.source


def test_what_changed_is_fetched_and_nothing_else(memory, monkeypatch):
    memory.pipe("/bucket/cat/a.png", png(10))
    memory.pipe("/bucket/dog/a.png", png(30))
    fetched = []
    get = type(memory).get_file
    monkeypatch.setattr(
        type(memory), "get_file", lambda self, path, *a, **k: fetched.append(path) or get(self, path, *a, **k)
    )
    assert pixels("memory://bucket") == [10, 30] and len(fetched) == 2
    assert pixels("memory://bucket") == [10, 30] and len(fetched) == 2
    memory.pipe("/bucket/dog/a.png", png(40))
    assert pixels("memory://bucket") == [10, 40] and fetched[2:] == ["/bucket/dog/a.png"]


def test_what_is_gone_there_is_gone_here(memory):
    memory.pipe("/bucket/cat/a.png", png(10))
    memory.pipe("/bucket/cat/b.png", png(20))
    memory.pipe("/bucket/dog/a.png", png(30))
    assert pixels("memory://bucket") == [10, 20, 30]
    memory.rm("/bucket/cat/b.png")
    assert pixels("memory://bucket") == [10, 30]


def test_a_pair_and_a_file(memory, tmp_path):
    for name, array in (("x.npy", np.full((3, 4, 4), 200, np.uint8)), ("y.npy", np.arange(3))):
        np.save(tmp_path / name, array)
        memory.pipe(f"/arrays/{name}", (tmp_path / name).read_bytes())
    assert open_dataset("memory://arrays/x.npy,memory://arrays/y.npy").labels.tolist() == [0, 1, 2]


def test_over_http(tmp_path):
    pytest.importorskip("aiohttp")
    served = tmp_path / "served"
    served.mkdir()
    np.savez(served / "data.npz", images=np.full((3, 4, 4), 200, np.uint8), labels=np.arange(3))

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_):
            pass

    handler = functools.partial(Quiet, directory=str(served))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{server.server_address[1]}"
        assert open_dataset(f"{address}/data.npz").labels.tolist() == [0, 1, 2]
        with pytest.raises(ValueError, match=r"Expected data at .*none.npz.*Check the address"):
            open_dataset(f"{address}/none.npz")
        server.shutdown()


@pytest.mark.parametrize(
    ("address", "told"),
    [("memory://nowhere", "nothing is there"), ("nosuch://x/y", "an address such as s3://")],
)
def test_what_cannot_be_reached_is_told(address, told, memory):
    with pytest.raises(ValueError, match=told):
        open_dataset(address)


def test_a_name_that_leads_elsewhere_is_refused(memory, monkeypatch):
    memory.pipe("/bucket/a.png", png(1))
    monkeypatch.setattr(type(memory), "find", lambda *_, **__: {"/bucket/../../a.png": {"size": 1}})
    with pytest.raises(ValueError, match="leads elsewhere"):
        local_copy("memory://bucket")


def test_paths_are_no_addresses():
    assert not is_remote("images/") and not is_remote("C:\\images") and is_remote("gs://a")
    assert local_copy("images/") == "images/"
