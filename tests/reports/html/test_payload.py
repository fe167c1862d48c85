"""What the page's program reads, decoded here by other means."""

from __future__ import annotations

import base64

import cv2
import numpy as np
import pytest

from featurelens.reports.html.payload import LEVELS, map_sheet, packed, sheet


@pytest.mark.parametrize("kind", [np.uint8, np.uint16, np.uint32, np.int8, np.int16, np.int32, np.float32])
def test_an_array_comes_back_from_its_bytes(kind):
    values = np.array([[0, 1], [2, 100]], kind)
    found = packed(values)
    assert np.frombuffer(base64.b64decode(found["d"]), np.dtype(kind).newbyteorder("<")).tolist() == [0, 1, 2, 100]
    assert found["t"][1:] == str(8 * values.itemsize)


def test_what_has_no_type_in_the_browser_is_refused():
    with pytest.raises(TypeError, match=r"Expected an array of u8.*Received float64.*Convert"):
        packed(np.zeros(3))


def tiles_of(found):
    raw = base64.b64decode(found["src"].split(",")[1])
    grey = cv2.imdecode(np.frombuffer(raw, np.uint8), cv2.IMREAD_GRAYSCALE)
    places = [divmod(tile, found["columns"]) for tile in range(found["n"])]
    return np.stack(
        [grey[r * found["h"] : (r + 1) * found["h"], c * found["w"] : (c + 1) * found["w"]] for r, c in places]
    )


@pytest.mark.parametrize("signed", [True, False])
def test_maps_come_back_within_a_step(signed):
    maps = np.random.default_rng(0).normal(size=(5, 7, 6)).astype(np.float32)
    maps[3] = 0
    wanted = maps if signed else np.maximum(maps, 0)
    found = map_sheet(wanted, signed=signed)
    assert found is not None
    ends = np.frombuffer(base64.b64decode(found["ends"]["d"]), np.float32)[:, None, None]
    grey = tiles_of(found).astype(np.float64)
    values = ends * ((grey - 128) / 127 if signed else grey / 255)
    assert np.abs(wanted[:3]).max() > 1 and not values[3].any()
    assert (np.abs(values - wanted) <= ends * (0.5 / LEVELS + 1 / 127)).all()


def test_no_tiles_make_no_sheet():
    assert (
        sheet(np.zeros((0, 4, 4), np.uint8)) is None and map_sheet(np.zeros((0, 4, 4), np.float32), signed=True) is None
    )
