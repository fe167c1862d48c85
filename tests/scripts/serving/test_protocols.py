"""Clients of others: Triton's, and requests made from the service's own description."""

from __future__ import annotations

import gzip
import json

import httpx
import numpy as np
import pytest
import requests
import schemathesis
import tritonclient.http as triton
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from live_services import PIXELS, asking, live, small_served
from schemathesis.specs.openapi.checks import positive_data_acceptance
from tritonclient.utils import InferenceServerException
from waiting import PATIENCE

NAME = "small"
IMAGES = PIXELS.astype(np.float32) / 255


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    with live(small_served(tmp_path_factory.mktemp("models")), body_bytes=200_000, job_seconds=0.2) as found:
        yield found


@pytest.fixture
def client(running):
    found = triton.InferenceServerClient(
        f"127.0.0.1:{running.port}", connection_timeout=PATIENCE, network_timeout=PATIENCE
    )
    yield found
    found.close()


def tensor(array, binary, name="image"):
    given = triton.InferInput(name, list(array.shape), "FP32" if array.dtype == np.float32 else "UINT8")
    given.set_data_from_numpy(array, binary_data=binary)
    return given


def test_triton_finds_the_service_and_its_model(client):
    assert client.is_server_live() and client.is_server_ready()
    assert client.is_model_ready(NAME) and client.is_model_ready(NAME, "1")
    assert not client.is_model_ready("absent")
    assert client.get_server_metadata()["name"] == "featurelens"
    told = client.get_model_metadata(NAME, "1")
    assert told["inputs"] == [{"name": "image", "datatype": "FP32", "shape": [-1, 12, 10, 1]}]


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("packed", [None, "gzip"])
def test_triton_gets_the_same_answers(client, running, binary, packed):
    programs = running.service.models[NAME].programs
    expected = programs.logits_and_features(IMAGES)[0]
    wanted = [triton.InferRequestedOutput(name, binary_data=binary) for name in ("logits", "map")]
    found = client.infer(
        NAME, [tensor(IMAGES, binary)], outputs=wanted, request_id="7", request_compression_algorithm=packed
    )
    np.testing.assert_allclose(found.as_numpy("logits"), expected, atol=1e-6 * abs(expected).max())
    assert found.as_numpy("map").shape == (6, 12, 10) and found.get_response()["id"] == "7"
    bytes_ = client.infer(NAME, [tensor(PIXELS, binary)])
    np.testing.assert_allclose(bytes_.as_numpy("logits"), expected, atol=1e-6 * abs(expected).max())


def test_class_count_is_refused_in_words(client):
    wanted = [triton.InferRequestedOutput("logits", class_count=2)]
    with pytest.raises(InferenceServerException, match="without class_count"):
        client.infer(NAME, [tensor(IMAGES, True)], outputs=wanted)
    with pytest.raises(InferenceServerException, match="0 to 1"):
        client.infer(NAME, [tensor(IMAGES * 300, True)])
    with pytest.raises(InferenceServerException, match="out of small"):
        client.infer("absent", [tensor(IMAGES, True)])


INPUT = {"name": "image", "shape": [1, 12, 10, 1], "datatype": "FP32", "data": [0.5] * 120}


@pytest.mark.parametrize(
    "changed",
    [
        {"shape": [1, 12, 10, 2]},
        {"shape": [2**40, 2**40]},
        {"shape": [0]},
        {"shape": [True, 12, 10, 1]},
        {"shape": "many"},
        {"datatype": "BYTES"},
        {"data": None},
        {"data": [[1], [2, 3]]},
        {"data": ["a"] * 120},
        {"datatype": "UINT8", "data": [256] * 120},
        {"parameters": {"binary_data_size": 480}},
        {"parameters": {"binary_data_size": -4}},
    ],
)
def test_a_tensor_that_is_none_is_refused(running, changed):
    body = json.dumps({"inputs": [{**INPUT, **changed}]})
    found = httpx.post(f"{running.url}/v2/models/{NAME}/infer", content=body, timeout=PATIENCE)
    assert found.status_code == 400 and found.json()["error"].startswith("Expected")


def test_the_schema_of_the_protocol_holds(running):
    found = httpx.post(
        f"{running.url}/v2/models/{NAME}/infer", json={"id": "a", "inputs": [INPUT]}, timeout=PATIENCE
    ).json()
    assert {"model_name", "model_version", "id", "outputs"} == set(found)
    for output in found["outputs"]:
        assert len(output["data"]) == np.prod(output["shape"]) and output["datatype"] == "FP32"
    assert httpx.get(f"{running.url}/v2/models/{NAME}/versions/2", timeout=PATIENCE).status_code == 404


@pytest.fixture(scope="module")
def plain(running):
    with asking(running) as found:
        yield found


@settings(
    max_examples=75, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)  # no machine is too slow
@given(
    body=st.binary(max_size=300),
    kind=st.sampled_from(["image/png", "application/json", "multipart/form-data; boundary=a", "text/x"]),
)
def test_bytes_of_any_kind_break_nothing(plain, body, kind):
    for packed in (body, gzip.compress(body)):
        more = {} if packed is body else {"content-encoding": "gzip"}
        found = plain.post("/v1/explain", content=packed, headers={"content-type": kind, **more})
        assert found.status_code < 500


DESCRIBED = settings(
    max_examples=12,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_what_the_description_allows_is_answered_as_it_says(running):
    schema = schemathesis.openapi.from_url(f"{running.url}/openapi.json", timeout=PATIENCE)
    tried, session = [], requests.Session()
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(DESCRIBED)
        @given(case=operation.as_strategy())
        def check(case):
            # that bytes are no picture is beyond what a schema can say
            case.call_and_validate(session=session, timeout=PATIENCE, excluded_checks=[positive_data_acceptance])

        check()
        tried.append(operation.label)
    assert len(tried) == 12
