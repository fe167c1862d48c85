"""What is measured of the service: its cost beside the pure stream and beside other servers, its delays, and what it stands.

All contenders run at once and are asked in turn, round after round, so that a drift of the machine's speed meets all of them.
"""

from __future__ import annotations

import base64
import json
import re
import statistics
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from importlib.util import find_spec
from typing import Any

from featurelens.scripts.serving.measuring.live_page import live_line
from featurelens.scripts.serving.measuring.load import Load
from featurelens.scripts.serving.measuring.processes import Server, free_port, loaded, started

_AT_ONCE = 64
_TIMES_SLOWER = 10  # the model of one measurement
_JOBS_WAITING, _LOOK = 8, 0.25  # so many are there for so many seconds
_MANY = 100_000  # requests, of the measurement of memory
_PATHS = {"featurelens": ("/v1/predict", "/v1/explain"), "other": ("/predict", "/explain")}
_ROUNDS = 3  # of what has no contender
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
    with started(*_featurelens()) as own:
        yield from _delays(own, body, count)
        yield from ("", live_line(own.port))
        yield from _overload(own, body, count)
    with started(*_slowed()) as own:
        yield _slow_model(own, body, count)
    with started(*_featurelens()) as own:
        yield _memory(own, body)


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


def _slowed() -> tuple[list[str], int, str]:
    port = free_port()
    program = ["-m", "featurelens.scripts.serving.measuring.slowed_model", str(port), str(_TIMES_SLOWER)]
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
    """The table of all contenders."""
    stream = [_stream_cost() for _ in range(rounds)]
    found = _runs(servers, body, count, rounds)
    fewer = ", ".join(f"{max(_AT_ONCE, count // times):,} of {name}" for name, times in _FEWER.items())
    lines = [f"{count:,} requests at {_AT_ONCE} at a time ({fewer}), median of {rounds} rounds in turn", ""]
    lines += [
        "| doing | requests/s | p99 ms | server CPU us | generator CPU us | slower by |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for which, what in enumerate(("predict", "explain")):
        own = found["featurelens", which]
        lines += [_row(f"{name}: {what}", runs, own) for (name, asked), runs in found.items() if asked == which]
    if refused := sum(run["refused"] for runs in found.values() for run in runs):
        lines.append(f"| refused, as the machine had other things to do: {refused:,} | | | | | |")
    explained = _median(found["featurelens", 1], lambda run: (run["server_cpu"] + run["cpu"]) / run["count"] * 1e6)
    for place, what in enumerate(("Explainer, streamed", "HiResCAM, streamed")):
        cost = statistics.median(each[place] for each in stream)
        lines.append(
            f"| pure stream, {what} | | | {cost:.0f} | | {cost / explained:.2f} of the CPU of server and generator |"
        )
    return lines


def _runs(
    servers: dict[str, Server], body: str, count: int, rounds: int
) -> dict[tuple[str, int], list[dict[str, Any]]]:
    """{(contender, number of the question): what was seen in each round}; a round more, the first, warms up."""
    found: dict[tuple[str, int], list[dict[str, Any]]] = {}
    for counted in range(rounds + 1):
        for name, server in servers.items():
            for which, path in enumerate(_PATHS.get(name, _PATHS["other"])):
                many = max(_AT_ONCE, count // _FEWER.get(name, 1))
                run = loaded(server, _load(name, server.port, path, body, many))
                answered = _answered(name, run, many)
                if counted:
                    found.setdefault((name, which), []).append({**run, "count": answered, "refused": many - answered})
    return found


def _answered(name: str, run: dict[str, Any], many: int) -> int:
    """How many were answered; the others may have been refused for want of time, and nothing else."""
    answered, refused = (run["statuses"].get(status, 0) for status in ("200", "429"))
    if not answered or answered + refused != many:
        raise ValueError(f"Expected {many} answers of {name}. Received {run['statuses']}. Start it by hand to see why.")
    return answered


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
    """Predictions at a steady rate, alone and beside jobs of RISE, of which one runs all the time; medians of rounds in turn."""
    loaded(server, Load(server.port, "/v1/predict", body, count, _AT_ONCE))
    heads = "| at a steady rate, median of 3 rounds in turn | p50 ms | p99 ms | not 200 | RISE jobs begun |"
    lines = ["", heads, "|---|---:|---:|---:|---:|"]
    for rate in (500, 1000, 2000):
        load = Load(server.port, "/v1/predict", body, count, 256, rate)
        found: dict[str, list[dict[str, Any]]] = {"predict": [], "predict, with RISE jobs": []}
        for _ in range(_ROUNDS):
            for name, beside in zip(found, (nullcontext([]), _rise_jobs(server, body)), strict=True):
                with beside as jobs:
                    run = loaded(server, load)
                found[name].append({**run, "jobs": jobs})
        lines += [f"| {name}, {rate:,}/s | {_delay(runs, count)} |" for name, runs in found.items()]
    return lines


def _delay(runs: list[dict[str, Any]], count: int) -> str:
    """The cells of a row: medians of the delays, sums of what was refused and begun."""
    half, most = (1000 * _median(runs, lambda run, which=which: run[which]) for which in ("p50", "p99"))
    refused = sum(count - run["statuses"].get("200", 0) for run in runs)
    return f"{half:.1f} | {most:.1f} | {refused} | {sum(len(run['jobs']) for run in runs)}"


@contextmanager
def _rise_jobs(server: Server, body: str) -> Iterator[list[str]]:
    """Always one job that runs, and some that wait; the numbers of those begun.

    They are looked at seldom: to count them costs the event loop as much as several predictions.
    """
    over = threading.Event()
    posted: list[str] = []
    begun: list[str] = []

    def feed() -> None:
        while True:
            for _ in range(int(_JOBS_WAITING - _jobs(server)["waiting"])):
                with suppress(urllib.error.HTTPError):  # 429: there are enough
                    posted.append(_post(server, "/v1/explain?method=rise", bytes.fromhex(body))["job"])
            if over.wait(_LOOK):
                return

    feeder = threading.Thread(target=feed)
    feeder.start()
    try:
        yield begun
    finally:
        over.set()
        feeder.join()
        begun += [job for job in posted if _had_begun(server, job)]


def _overload(server: Server, body: str, count: int) -> list[str]:
    """Five and twenty times as many at a time as keep the model busy."""
    lines = [""]
    for crowd in (5 * _AT_ONCE, 20 * _AT_ONCE):
        lines.append(
            f"Overload, {crowd:,} at a time: {_crowded(server, Load(server.port, '/v1/explain', body, 2 * count, crowd))}."
        )
    return lines


def _crowded(server: Server, load: Load) -> str:
    """What became of all that was asked in the rounds, and the median of their delays."""
    before, runs = server.memory(), [loaded(server, load) for _ in range(_ROUNDS)]
    statuses = sum((Counter(run["statuses"]) for run in runs), Counter())
    told = ", ".join(f"{count:,} x {status}" for status, count in sorted(statuses.items()))
    p99, lost = 1000 * _median(runs, lambda run: run["p99"]), sum(run["lost"] for run in runs)
    return f"{told}; {lost} lost; p99 of accepted {p99:.0f} ms; {server.memory() - before:+.0f} MB"


def _slow_model(server: Server, body: str, count: int) -> str:
    """Ten times as many a second as the model answers, which is as many as it would answer were it not slowed."""
    loaded(server, Load(server.port, "/v1/explain", body, _AT_ONCE, 8))
    free = loaded(server, Load(server.port, "/v1/explain", body, 10 * _AT_ONCE, _AT_ONCE))
    answered = free["statuses"].get("200", 0) / free["seconds"]
    asked = f"Overload, a model {_TIMES_SLOWER} times as slow, {_TIMES_SLOWER * answered:,.0f}/s"
    return f"{asked}: {_crowded(server, Load(server.port, '/v1/explain', body, 2 * count, 512, _TIMES_SLOWER * answered))}."


def _memory(server: Server, body: str) -> str:
    """Memory after 100,000 requests beside that after 5,000."""

    def ask(count: int) -> None:
        for path, share in (("/v1/explain", _AT_ONCE), ("/v1/predict", 48)):
            loaded(server, Load(server.port, path, body, count // 2, share))

    ask(5000)
    before = server.memory()
    for _ in range(5):
        ask((_MANY - 5000) // 5)
    after = server.memory()
    return f"Memory after {_MANY:,} requests: {after:.0f} MB; after 5,000: {before:.0f} MB ({100 * (after / before - 1):+.2f} %)."


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


def _had_begun(server: Server, job: str) -> bool:
    """Stop a job, and tell whether anything of it was done."""
    asked = urllib.request.Request(f"http://127.0.0.1:{server.port}/v1/jobs/{job}", method="DELETE")
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return bool(json.load(answer)["share"] > 0)
    except urllib.error.HTTPError:  # 404: done for so long that it is forgotten
        return True


def _jobs(server: Server) -> dict[str, float]:
    """How many jobs are in each state."""
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/metrics", timeout=5) as answer:
        told = answer.read().decode()
    return {state: float(count) for state, count in re.findall(r'featurelens_jobs\{state="(\w+)"\} (\S+)', told)}
