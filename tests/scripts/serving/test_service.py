"""The service over real connections: answers, refusals, limits, jobs, and two models; a small network."""

from __future__ import annotations

import asyncio
import gzip
import json
import re
import socket
import threading
import time
import tracemalloc
from contextlib import ExitStack, contextmanager, suppress
from types import SimpleNamespace
from typing import Any

import httpx
import numpy as np
import pytest
from live_services import CLASSES, PIXELS, asking, listens, live, png, small_served
from waiting import ELSEWHERE, PATIENCE, until

from featurelens.interpret import METHODS, Explainer, HiResCAM
from featurelens.scripts.serving.connections.listening import TimedProtocol

IMAGE = {"content-type": "image/png"}
FIRST = png(PIXELS[0])


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    return small_served(tmp_path_factory.mktemp("models"))


@pytest.fixture(scope="module")
def running(served, tmp_path_factory):
    other = small_served(tmp_path_factory.mktemp("models"), "other", seed=9)
    with live(served, other, body_bytes=100_000) as found:
        yield found


@pytest.fixture
def client(running):
    with asking(running) as found:
        yield found


def post(client, path, body=FIRST, **headers):
    return client.post(path, content=body, headers={**IMAGE, **headers})


def slowed(served, gate, holding=None):
    """The model's answers, each batch held up by a gate; `holding` is set once one stands before it and it is closed."""
    kept = served.programs.answers

    def held(key, rows):
        if holding is not None and not gate.is_set():
            holding.set()
        gate.wait(PATIENCE)
        return kept(key, rows)

    served.programs.answers = held
    return lambda: served.programs.__dict__.pop("answers")


def test_a_prediction_and_an_explanation_are_what_the_package_computes(client, running):
    model = running.service.models["small"].programs._model
    images = PIXELS.astype(np.float32) / 255
    explained = Explainer(model, [])(images)
    maps = HiResCAM(model)(images, versus=1)
    files = [("picture", png(pixels)) for pixels in PIXELS]
    told = client.post("/v1/predict", files=files).json()["predictions"]
    np.testing.assert_allclose(
        [each["logits"] for each in told], explained.logits, atol=1e-6 * abs(explained.logits).max()
    )
    np.testing.assert_allclose([each["probabilities"] for each in told], explained.probabilities, atol=1e-6)
    assert [each["number"] for each in told] == explained.classes.tolist()
    for place in np.flatnonzero(explained.classes != 1):
        found = post(client, "/v1/explain?versus=bee", png(PIXELS[place])).json()["explanations"][0]
        np.testing.assert_allclose(found["map"]["values"], maps[place], atol=1e-5 * abs(maps).max())
        assert found["explained"]["versus"] == "bee"


def test_an_explanation_tells_all_that_it_rests_on(client, running):
    told = post(client, "/v1/explain?coverage=0.9&map=base64&overlay=yes").json()
    found = told["explanations"][0]
    assert told["class_names"] == list(CLASSES) and len(told["model"]["sha256"]) == 64
    assert told["method"]["verdict"] == "unknown" and "featurelens trust" in told["method"]["measured"]
    assert found["class"] in found["not_ruled_out"]["classes"] and found["not_ruled_out"]["coverage"] == 0.9
    assert len(found["nearest"]) == 5 and 0 < found["unlike"]["p"] <= 1
    assert found["margin"] == pytest.approx(np.subtract(*sorted(found["logits"])[:0:-1][:2]), rel=1e-5)
    assert set(found["map"]) == {"shape", "smallest", "largest", "kind", "region", "region_share", "base64"}
    assert found["overlay_png"].startswith("iVBOR")


@pytest.mark.parametrize(
    "known", [known for known in METHODS.usual if not known.is_expensive], ids=lambda known: known.slug
)
def test_every_quick_method_can_be_named(client, running, known):
    model = running.service.models["small"].programs._model
    found = post(client, f"/v1/explain?method={known.slug}&class=ape&versus=bee").json()
    expected = known.make(model, None, 10)(PIXELS[:1].astype(np.float32) / 255, 0, 1)[0]
    assert found["method"]["name"] == known.name
    np.testing.assert_allclose(found["explanations"][0]["map"]["values"], expected, atol=1e-5 * abs(expected).max())


def test_the_picture_alone_is_sent_where_it_alone_is_accepted(client):
    found = post(client, "/v1/explain", accept="image/png")
    assert found.headers["content-type"] == "image/png" and found.content[:4] == b"\x89PNG"
    assert post(client, "/v1/explain", accept="text/html").status_code == 406
    assert "overlay_png" in post(client, "/v1/explain", accept="application/json, image/png").json()["explanations"][0]


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("class=bat", 422, "Did you mean '<cat>'|<cat>"),
        ("class=ape&versus=ape", 422, "twice"),
        ("methd=rise", 422, "method"),
        ("method=rize", 422, "rise"),
        ("layer=conv3", 422, "conv2"),
        ("method=saliency&layer=conv1", 422, "looks at a layer"),
        ("coverage=2", 422, "0.95"),
        ("model=absent", 404, "small, other"),
        ("class=ape&class=bee", 422, "once"),
        ("%00", 422, "query"),
    ],
)
def test_a_wrong_question_is_refused_with_its_remedy(client, query, status, words):
    found = post(client, f"/v1/explain?{query}")
    assert found.status_code == status
    assert any(word in found.json()["error"]["message"] for word in words.split("|"))


def test_the_predicted_class_is_not_held_against_itself(client):
    name = post(client, "/v1/predict").json()["predictions"][0]["class"]
    found = client.post("/v1/explain", params={"versus": name}, content=FIRST, headers=IMAGE)
    assert found.status_code == 422 and "is predicted" in found.json()["error"]["message"]


def test_a_bad_picture_fails_alone(client):
    files = [("a", FIRST), ("b", b"nothing"), ("c", png(PIXELS[1]))]
    found = client.post("/v1/explain", files=files)
    told = found.json()["explanations"]
    assert found.status_code == 200 and [set(each) == {"error"} for each in told] == [False, True, False]
    assert client.post("/v1/explain", files=files[1:2]).status_code == 415


def test_two_models_are_asked_by_name(client):
    answers = [post(client, f"/v1/predict?model={name}").json() for name in ("small", "other")]
    assert [each["model"]["name"] for each in answers] == ["small", "other"]
    assert answers[0]["predictions"][0]["logits"] != answers[1]["predictions"][0]["logits"]
    told = client.get("/v1/models").json()["models"]
    assert [each["name"] for each in told] == ["small", "other"]


def test_many_at_once_each_get_their_own_answer(running):
    alone = {}
    with asking(running) as client:
        for number, pixels in enumerate(PIXELS):
            alone[number] = post(client, "/v1/predict", png(pixels)).json()["predictions"][0]["logits"]

    async def ask(client, number):
        found = await client.post("/v1/predict", content=png(PIXELS[number]), headers=IMAGE)
        return number, found.json()["predictions"][0]["logits"]

    async def main():
        async with httpx.AsyncClient(base_url=running.url, timeout=PATIENCE) as client:
            return await asyncio.gather(*(ask(client, number % 6) for number in range(200)))

    for number, logits in asyncio.run(main()):
        np.testing.assert_allclose(logits, alone[number], atol=1e-6 * max(map(abs, alone[number])))


def test_a_body_over_the_limit_is_refused_whether_declared_or_not(running):
    with asking(running) as client:
        declared = client.post("/v1/predict", content=bytes(200_000), headers=IMAGE)
        chunked = client.post("/v1/predict", content=(bytes(10_000) for _ in range(30)), headers=IMAGE)
    for found in (declared, chunked):
        assert (found.status_code, found.headers["connection"]) == (413, "close")


def test_a_hundred_megabytes_are_refused_without_being_taken_in(running):
    tracemalloc.start()
    with asking(running) as client:
        megabyte = bytes(2**20)
        with suppress(httpx.NetworkError):  # the connection was closed while the body was still being sent
            found = client.post(
                "/v1/predict", content=(megabyte for _ in range(100)), headers={"content-length": str(100 * 2**20)}
            )
            assert found.status_code == 413
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * 2**20


def test_packed_bodies_are_unpacked_within_the_same_limit(client):
    found = post(client, "/v1/predict", gzip.compress(FIRST), **{"content-encoding": "gzip"})
    assert found.status_code == 200
    assert post(client, "/v1/predict", gzip.compress(bytes(10**7)), **{"content-encoding": "gzip"}).status_code == 413
    assert post(client, "/v1/predict", gzip.compress(FIRST)[:-9], **{"content-encoding": "gzip"}).status_code == 400
    assert post(client, "/v1/predict", FIRST, **{"content-encoding": "gzip"}).status_code == 400
    assert post(client, "/v1/predict", FIRST, **{"content-encoding": "br"}).status_code == 415
    by_curl = post(client, "/v1/predict", FIRST, **{"content-type": "application/x-www-form-urlencoded"})
    assert (
        by_curl.status_code == 415 and "with curl: -H 'content-type: image/png'" in by_curl.json()["error"]["message"]
    )


@pytest.mark.parametrize(
    "sent",
    [b"", b"POST /v1/predict HT", b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nX-A: "],
    ids=["nothing", "line", "head"],
)
def test_who_does_not_say_what_it_wants_is_let_go(served, sent):
    with live(served, header_seconds=0.2) as found, suppress(ConnectionError):  # it may be so before all is sent
        assert said_on(found.port, sent) == b""


def test_whose_body_does_not_come_is_told_so(served):
    head = b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 50\r\n\r\nabc"
    with live(served, body_seconds=0.2) as found:
        assert said_on(found.port, head).startswith(b"HTTP/1.1 408 ")


def said_on(port, *requests):
    """All that comes back on one connection, until it is closed."""
    with socket.create_connection(("127.0.0.1", port), timeout=PATIENCE) as connection:
        connection.sendall(b"".join(requests))
        said = b""
        while part := connection.recv(65536):
            said += part
    return said


def question(version=b"1.1", *lines):
    head = [b"POST /v1/predict HTTP/" + version, b"Host: localhost", b"Content-Type: image/png", *lines]
    return b"\r\n".join([*head, b"Content-Length: %d" % len(FIRST), b"", FIRST])


@pytest.mark.parametrize("last", [question(b"1.0"), question(b"1.1", b"Connection: close")], ids=["1.0", "close"])
def test_two_questions_in_one_breath_are_answered_in_turn(running, last):
    found = said_on(running.port, question(b"1.1", b"X-Request-Id: one"), last).split(b"HTTP/1.1 200 OK\r\n")
    assert len(found) == 3 and b"x-request-id: one" in found[1] and b"connection: close" not in found[1]
    assert b"connection: close\r\n" in found[2] and json.loads(found[2].partition(b"\r\n\r\n")[2])["predictions"]


def test_a_head_has_no_body(running):
    asked = b"HEAD /v2 HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
    head, _, body = said_on(running.port, asked).partition(b"\r\n\r\n")
    assert b"content-length: " in head and b"content-length: 0" not in head and body == b""


@pytest.mark.parametrize(("busy", "rests", "allowed"), [(False, True, 30), (False, False, 5), (True, False, 10**9)])
def test_how_long_a_connection_may_be_silent(busy, rests, allowed):
    connection: Any = object.__new__(TimedProtocol)
    connection.cycle = SimpleNamespace(response_complete=not busy)
    connection.timeout_keep_alive, connection.rests, connection.waits_since = 30, rests, 100.0
    assert not connection.is_overdue(100 + allowed, 5)
    assert connection.is_overdue(100 + allowed + 0.1, 5) is not busy


def answer_on(connection):
    """One answer on a connection that stays open."""
    said = b""
    while b"\r\n\r\n" not in said or len(said.partition(b"\r\n\r\n")[2]) < length_in(said):
        said += connection.recv(65536) or pytest.fail(f"closed behind {said!r}")
    return said


def length_in(said):
    return int(re.findall(rb"content-length: (\d+)", said)[0])


def test_a_rest_between_two_questions_may_be_longer_than_a_head(served):
    with live(served) as found, socket.create_connection(("127.0.0.1", found.port), timeout=PATIENCE) as connection:
        connection.sendall(question())
        assert answer_on(connection).startswith(b"HTTP/1.1 200")
        [there] = found.listening.server_state.connections
        until(lambda: there.rests)
        ended, both = there.waits_since, question()
        assert not there.is_overdue(ended + 25, 10)
        there.waits_since = ended - 20
        connection.sendall(both[:20])
        until(lambda: not there.rests)  # the time of a head begins, and is as short as that of the first
        assert there.waits_since >= ended and there.is_overdue(there.waits_since + 11, 10)
        connection.sendall(both[20:])
        assert answer_on(connection).startswith(b"HTTP/1.1 200")


@pytest.fixture
def many_files():
    """How many connections this process may hold, both of their ends; as many as the system allows."""
    resource = pytest.importorskip("resource", reason="counts open files as POSIX does")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 4096 if hard == resource.RLIM_INFINITY else min(4096, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    yield min(1000, (most - 300) // 2)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_thousand_connections_do_not_keep_another_waiting(running, many_files):
    with ExitStack() as held:
        for _ in range(many_files):
            held.enter_context(socket.create_connection(("127.0.0.1", running.port), PATIENCE, ELSEWHERE))
        with asking(running) as client:
            assert post(client, "/v1/predict").status_code == 200


@pytest.mark.parametrize("host", ["evil.example", "", "127.0.0.1.evil.example"])
def test_another_hosts_name_is_refused(client, host):
    assert client.get("/v1/models", headers={"host": host}).status_code == 421


def test_other_sites_pages_are_shut_out(client):
    found = post(client, "/v1/predict", origin="https://evil.example")
    assert found.status_code == 403 and "access-control-allow-origin" not in found.headers


def test_request_numbers_come_back(client):
    assert post(client, "/v1/predict", **{"x-request-id": "mine-1"}).headers["x-request-id"] == "mine-1"
    hostile = post(client, "/v1/predict", **{"x-request-id": 'a"}{'})
    assert hostile.headers["x-request-id"] != 'a"}{'


def test_metrics_count_what_happened(client):
    post(client, "/v1/explain")
    told = client.get("/metrics").text
    assert 'featurelens_requests_total{route="/v1/explain",status="200"}' in told
    assert 'featurelens_batch_rows_bucket{asked="HiResCAM"' in told


def test_a_job_of_many_passes(client, running):
    started = post(client, "/v1/explain?method=occlusion")
    assert started.status_code == 202 and started.headers["location"] == started.json()["url"]
    until(lambda: client.get(started.json()["url"]).json()["state"] in ("done", "failed"))
    found = client.get(started.json()["url"]).json()
    assert found["state"] == "done" and found["share"] == 1
    known = next(known for known in METHODS if known.slug == "occlusion")
    expected = known.make(running.service.models["small"].programs._model, None, 10)(
        PIXELS[:1].astype(np.float32) / 255
    )[0]
    np.testing.assert_allclose(
        found["result"]["explanations"][0]["map"]["values"], expected, atol=1e-4 * abs(expected).max()
    )
    assert client.get("/v1/jobs/absent").status_code == 404
    cancelled = post(client, "/v1/explain?method=rise").json()
    assert client.delete(cancelled["url"]).json()["state"] in ("cancelled", "done")


def test_the_token_is_asked_for_everywhere_but_for_the_page_and_the_health(served):
    with (
        live(served, token="a-long-secret", origins=("https://friend.example",)) as found,
        asking(found) as client,
    ):
        assert [
            client.get(path).status_code for path in ("/", "/v2/health/ready", "/v1/models", "/metrics", "/docs")
        ] == [200, 200, 401, 401, 401]
        assert post(client, "/v1/predict", authorization="Bearer wrong").status_code == 401
        told = post(client, "/v1/predict", authorization="Bearer a-long-secret", origin="https://friend.example")
        assert told.status_code == 200 and told.headers["access-control-allow-origin"] == "https://friend.example"
        asked = {"origin": "https://friend.example", "access-control-request-method": "POST"}
        assert client.options("/v1/predict", headers=asked).status_code == 204


def test_a_full_queue_answers_429_before_it_reads_the_body(served):
    gate, holding = threading.Event(), threading.Event()
    gate.set()
    restore = slowed(served, gate, holding)
    try:
        with live(served, queue=4) as found:
            gate.clear()
            try:
                statuses = asyncio.run(_crowd(found, gate, holding))
            finally:
                gate.set()  # or the service could not stop
    finally:
        gate.set()
        restore()
    assert set(statuses) == {200, 429} and 4 <= statuses.count(200) <= 8  # up to as many are in hand as wait
    assert len(statuses) >= 40


def _pending(asked):
    return sum(not each.done() for each in asked)


async def _crowd(found, gate, holding):
    async def ask(client):
        answer = await client.post("/v1/predict", content=FIRST, headers=IMAGE)
        assert answer.status_code == 200 or int(answer.headers["retry-after"]) >= 1
        return answer.status_code

    async with httpx.AsyncClient(base_url=found.url, timeout=PATIENCE) as client:
        asked = [asyncio.create_task(ask(client)) for _ in range(40)]
        # Only once a batch is held is the queue emptied by nobody; those in hand may have been all that were not refused.
        async with asyncio.timeout(PATIENCE):
            while not (holding.is_set() and found.service.worker.waiting >= 4):
                if _pending(asked) < 40:
                    asked.append(asyncio.create_task(ask(client)))
                await asyncio.sleep(0.01)
        reader, writer = await asyncio.open_connection("127.0.0.1", found.port)  # the body is never sent
        writer.write(
            b"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: 900\r\n\r\n"
        )
        assert b" 429 " in await asyncio.wait_for(reader.readline(), PATIENCE)
        writer.close()
        async with asyncio.timeout(PATIENCE):  # whoever is still on its way would find an open door
            while _pending(asked) > 8:
                await asyncio.sleep(0.01)
        gate.set()
        return await asyncio.gather(*asked)


def test_nothing_is_answered_before_the_warm_up_is_done(served):
    gate = threading.Event()
    restore = slowed(served, gate)
    try:
        with listens(served) as found, asking(found) as client:
            early = [client.get("/v2/health/live"), client.get("/v2/health/ready"), post(client, "/v1/predict")]
            gate.set()
            until(lambda: client.get("/v2/health/ready").status_code == 200)
    finally:
        gate.set()
        restore()
    assert [answer.status_code for answer in early] == [200, 503, 503] and early[-1].headers["retry-after"] == "2"


@contextmanager
def gated(served, **settings):
    """A service whose batches stand before a gate; the rows of each, and the gate, open until it is cleared."""
    gate, asked = threading.Event(), []
    gate.set()
    restore = slowed(served, gate)
    held = served.programs.answers
    served.programs.answers = lambda key, rows: (asked.append(len(rows)), held(key, rows))[1]
    try:
        with live(served, **settings) as found:
            asked.clear()
            gate.clear()
            try:
                yield found, gate, asked
            finally:
                gate.set()
    finally:
        gate.set()
        restore()


@contextmanager
def asked_beside(found):
    """A prediction asked in a thread of its own; the list that its status goes to, which has come at the end."""
    statuses = []

    def ask():
        with asking(found) as client:
            statuses.append(post(client, "/v1/predict").status_code)

    thread = threading.Thread(target=ask)
    thread.start()
    yield statuses
    thread.join()


def test_what_nobody_waits_for_any_more_is_not_computed(served):
    head = f"POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(FIRST)}\r\n\r\n".encode()
    with gated(served) as (found, gate, asked), asked_beside(found) as statuses:
        until(lambda: asked)
        with ExitStack() as gone:
            for _ in range(3):
                connection = gone.enter_context(socket.create_connection(("127.0.0.1", found.port)))
                connection.sendall(head + FIRST)
            until(lambda: found.service.worker.waiting == 3)
        until(lambda: len(found.listening.server_state.connections) == 1)
        gate.set()
    assert (statuses, asked) == ([200], [1])


def test_what_comes_too_late_is_not_computed_nor_told(served):
    with gated(served, deadline=0.2) as (found, gate, asked), asked_beside(found) as first:
        until(lambda: asked or first)
        with asked_beside(found) as second:
            until(lambda: found.service.worker.waiting or second or len(first) + sum(asked) > 1)
            time.sleep(0.3)  # more than either may take
            gate.set()
    assert first == second == [504] and sum(asked) <= 1


def test_a_killed_worker_ends_the_service_and_answers_those_who_wait(served, capsys):
    kept = served.programs.answers

    def killed(key, rows):
        raise SystemExit("killed in the middle")

    with live(served) as found:
        served.programs.answers = killed
        try:
            with asking(found) as client:
                assert post(client, "/v1/predict").status_code == 503
            found.thread.join(PATIENCE)
            assert not found.thread.is_alive() and "killed in the middle" in found.service.worker.death
        finally:
            served.programs.answers = kept
            served.programs.__dict__.pop("answers")
    assert "the service stops" in capsys.readouterr().err


def test_an_error_within_shows_no_trace(served, capsys):
    with live(served) as found:
        served.programs.answers = lambda key, rows: 1 / 0
        try:
            with asking(found) as client:
                told = post(client, "/v1/predict")
        finally:
            served.programs.__dict__.pop("answers")
    assert told.status_code == 500 and "ZeroDivision" not in told.text and "Traceback" not in told.text


def test_unknown_paths_and_methods(client):
    assert client.get("/v1/nothing").json()["error"]["message"].startswith("Expected a route")
    assert [client.get("/v1/predict").status_code, client.post("/v1/models").status_code] == [405, 405]
    assert client.get("/etc/passwd").status_code == 404 and client.get("/../../etc/passwd").status_code == 404


def test_the_routes_are_described_and_the_page_asks_nobody_else(client):
    assert {"/v1/predict", "/v1/explain", "/v1/jobs/{job}", "/v2/models/{name}/infer"} <= set(
        client.get("/openapi.json").json()["paths"]
    )
    for path in ("/", "/docs", "/page.js", "/page.css"):
        found = client.get(path)
        assert found.status_code == 200 and "//cdn" not in found.text and 'src="http' not in found.text
    assert "'unsafe" not in client.get("/").headers["content-security-policy"]
    known = json.loads(client.get("/").text.split('id="known">')[1].split("</script>")[0])
    assert [each["name"] for each in known["models"]] == ["small", "other"]


def test_an_answer_that_is_no_number_is_refused_alone(served):
    layer = served.programs._model.get_layer("answer")
    kept = layer.get_weights()
    with live(served) as found, asking(found) as client:
        layer.set_weights([kept[0] * np.nan, kept[1]])
        try:
            told = post(client, "/v1/explain")
        finally:
            layer.set_weights(kept)
        assert told.status_code == 422 and "NaN" in told.json()["error"]["message"]
        assert post(client, "/v1/explain").status_code == 200
