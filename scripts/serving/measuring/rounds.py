"""What is measured of the service: its cost beside the pure stream and beside other servers, its delays, and what it stands.

All contenders run at once and are asked in turn, round after round, so that a drift of the machine's speed meets all of them.
"""

from __future__ import annotations

import base64
import json
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from importlib.util import find_spec
from typing import Any

from featurelens.scripts.serving.measuring.load import Load
from featurelens.scripts.serving.measuring.processes import Server, free_port, loaded, started

_AT_ONCE = 64
_PATHS = {"featurelens": ("/v1/predict", "/v1/explain"), "other": ("/predict", "/explain")}
_FEWER = {"function": 10, "predict": 60}  # times fewer requests for those that answer one by one
_STREAM = """
import time, tensorflow as tf
tf.config.threading.set_intra_op_parallelism_threads(1); tf.config.threading.set_inter_op_parallelism_threads(1)
from featurelens.interpret import Explainer, HiResCAM
from featurelens.models import fashion_mnist, load_model
model, images = load_model("zero_padded_dropout"), fashion_mnist("test").images[:2048]
for run in (lambda: list(Explainer(model, []).stream(images)), lambda: HiResCAM(model)(images)):
    run(); began = time.process_time(); run(); print((time.process_time() - began) / len(images) * 1e6)
"""


def serve_lines(count: int, rounds: int) -> Iterator[str]:
    """The tables as Markdown, line by line as they are measured.

    Args:
        count: Requests of each contender in each round; those that answer one by one get fewer.
        rounds: Rounds.
    """
    body = _picture().hex()
    with ExitStack() as stack:
        servers = {name: stack.enter_context(each) for name, each in _servers()}
        yield from _beside(servers, body, count, rounds)
    with started(*_featurelens("--queue", "256")) as own:
        for measured in (_delays, _overload, _memory):
            yield from measured(own, body, count)


def _featurelens(*options: str) -> tuple[list[str], int, str]:
    port = free_port()
    program = [
        "-c",
        "from featurelens.scripts.cli import main; main()",
        "serve",
        "--port",
        str(port),
        "--quiet",
        *options,
    ]
    return program, port, "/v2/health/ready"


def _servers() -> Iterator[tuple[str, Any]]:
    yield "featurelens", started(*_featurelens())
    others = ["function", "predict", *(["litserve"] if find_spec("litserve") else [])]
    for name in others:
        port = free_port()
        yield (
            name,
            started(["-m", "featurelens.scripts.serving.measuring.contenders", name, str(port)], port, "/health"),
        )


def _beside(servers: dict[str, Server], body: str, count: int, rounds: int) -> list[str]:
    stream = [_stream_cost() for _ in range(rounds)]
    found: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for counted in range(rounds + 1):
        for name, server in servers.items():
            for which, path in enumerate(_PATHS.get(name, _PATHS["other"])):
                many = max(_AT_ONCE, count // _FEWER.get(name, 1))
                run = loaded(server, _load(name, server.port, path, body, many))
                if run["statuses"] != {"200": many}:
                    raise ValueError(
                        f"Expected {many} answers of {name}. Received {run['statuses']}. Start it by hand to see why."
                    )
                if counted:
                    found.setdefault((name, which), []).append({**run, "count": many})
    fewer = ", ".join(f"{max(_AT_ONCE, count // times):,} of {name}" for name, times in _FEWER.items())
    lines = [f"{count:,} requests at {_AT_ONCE} at a time ({fewer}), median of {rounds} rounds in turn", ""]
    lines += [
        "| doing | requests/s | p99 ms | server CPU us | generator CPU us | slower by |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for which, what in enumerate(("predict", "explain")):
        own = found["featurelens", which]
        lines += [_row(f"{name}: {what}", runs, own) for (name, asked), runs in found.items() if asked == which]
    explained = _median(found["featurelens", 1], lambda run: (run["server_cpu"] + run["cpu"]) / run["count"] * 1e6)
    for place, what in enumerate(("Explainer, streamed", "HiResCAM, streamed")):
        cost = statistics.median(each[place] for each in stream)
        lines.append(
            f"| pure stream, {what} | | | {cost:.0f} | | {cost / explained:.2f} of the CPU of server and generator |"
        )
    return lines


def _load(name: str, port: int, path: str, body: str, count: int) -> Load:
    """The load of a contender: the picture as it is, for LitServe in JSON."""
    if name != "litserve":
        return Load(port, path, body, count, _AT_ONCE)
    wrapped = json.dumps({"image": base64.b64encode(bytes.fromhex(body)).decode()}).encode()
    return Load(port, path, wrapped.hex(), count, _AT_ONCE, kind="application/json")


def _row(name: str, runs: list[dict[str, Any]], own: list[dict[str, Any]]) -> str:
    rate = _median(runs, lambda run: run["count"] / run["seconds"])
    slower = statistics.median(
        (mine["count"] / mine["seconds"]) / (run["count"] / run["seconds"]) for mine, run in zip(own, runs, strict=True)
    )
    served, sent = (_median(runs, lambda run, of=of: run[of] / run["count"] * 1e6) for of in ("server_cpu", "cpu"))
    late = _median(runs, lambda run: run["p99"] * 1000)
    return f"| {name} | {rate:,.0f} | {late:.1f} | {served:.0f} | {sent:.0f} | {slower:.1f} |"


def _delays(server: Server, body: str, count: int) -> list[str]:
    """Predictions at a steady rate, alone and beside jobs of RISE."""
    loaded(server, Load(server.port, "/v1/predict", body, count, _AT_ONCE))
    lines = ["", "| at a steady rate | p50 ms | p99 ms | not 200 |", "|---|---:|---:|---:|"]
    for rate in (500, 1000, 2000):
        for name, jobs in (("predict", 0), ("predict, with RISE jobs", 4)):
            for _ in range(jobs):
                _post(server, "/v1/explain?method=rise", bytes.fromhex(body))
            run = loaded(server, Load(server.port, "/v1/predict", body, count, 256, rate))
            refused = count - run["statuses"].get("200", 0)
            lines.append(f"| {name}, {rate:,}/s | {run['p50'] * 1000:.1f} | {run['p99'] * 1000:.1f} | {refused} |")
            _let_jobs_end(server)
    return lines


def _overload(server: Server, body: str, count: int) -> list[str]:
    """Five and twenty times as many at a time as keep the model busy."""
    lines = [""]
    for crowd in (5 * _AT_ONCE, 20 * _AT_ONCE):
        before = server.memory()
        run = loaded(server, Load(server.port, "/v1/explain", body, 2 * count, crowd))
        grown = server.memory() - before
        told = ", ".join(f"{count:,} x {status}" for status, count in sorted(run["statuses"].items()))
        late = f"p99 of accepted {run['p99'] * 1000:.0f} ms"
        lines.append(f"Overload, {crowd:,} at a time: {told}; {run['lost']} lost; {late}; {grown:+.0f} MB.")
    return lines


def _memory(server: Server, body: str, count: int) -> list[str]:
    """Memory after many requests beside that after 5,000."""
    loaded(server, Load(server.port, "/v1/explain", body, 5000, _AT_ONCE))
    before, most = server.memory(), 10 * count
    for _ in range(5):
        loaded(server, Load(server.port, "/v1/explain", body, most // 10, _AT_ONCE))
        loaded(server, Load(server.port, "/v1/predict", body, most // 10, 48))
    after = server.memory()
    return [
        f"Memory after {most:,} more requests: {after:.0f} MB beside {before:.0f} MB ({100 * (after / before - 1):+.1f} %)."
    ]


def _stream_cost() -> list[float]:
    done = subprocess.run([sys.executable, "-c", _STREAM], capture_output=True, text=True, check=True)
    return [float(line) for line in done.stdout.split()[-2:]]


def _median(runs: list[dict[str, Any]], of: Callable[[dict[str, Any]], float]) -> float:
    return statistics.median(map(of, runs))


def _picture() -> bytes:
    """A test image as PNG."""
    from featurelens.models import fashion_mnist
    from featurelens.models.opencv import opencv

    pixels = (fashion_mnist("test").images[0] * 255).round().astype("uint8")
    return opencv().imencode(".png", pixels)[1].tobytes()


def _post(server: Server, path: str, body: bytes) -> Any:
    asked = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", body, {"Content-Type": "image/png"})
    with urllib.request.urlopen(asked, timeout=30) as answer:
        return json.load(answer)


def _let_jobs_end(server: Server) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=5) as answer:
            told = answer.read().decode()
        if 'jobs{state="waiting"} 0.0' in told and 'jobs{state="running"} 0.0' in told:
            return
        time.sleep(0.1)
