"""Measure extraction into a store, and try to break it: `featurelens benchmark --scale`.

Synthetic images: Fashion-MNIST's test images over and over, each time moved by a pixel or two, so that no two units are equal.

    cost       extracting tables and maps beside the bare stream of the same maps, in CPU seconds, in turn
    length     the units of a long run: the last tenth beside the first, and how the memory grew
    kills      the process killed (SIGKILL) after some lines of the ledger and started again: is the store the same?
    cluster    three nodes of Ray on this machine, one worker killed and one node taken away: the same bits, and its time
"""

from __future__ import annotations

import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from featurelens.reports.store.opening import Store
    from featurelens.reports.store.writing import Asked

_MAPS = ("hirescam", "saliency")
_UNIT = 2048
_SMALL = 20_480  # images of what is tried many times
_NODES = 3
_SHARED = 100_000  # images that the nodes share out


@dataclass(frozen=True)
class Scale:
    """How much is tried."""

    images: int = 100_000
    rounds: int = 3
    kills: int = 10


def scale_lines(wanted: Scale) -> list[str]:
    """The findings as lines of Markdown; each is printed to stderr as it is known."""
    lines = [f"{wanted.images:,} synthetic images of 28 x 28, maps {' and '.join(_MAPS)}, units of {_UNIT:,}", ""]
    lines += ["| what | found |", "|---|---|"]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        large = write_images(place / "large", wanted.images)
        small = write_images(place / "small", _SMALL)
        for name, tried in (
            ("extraction beside the bare stream, CPU", lambda: _cost(place, large, wanted.rounds)),
            ("a long run", lambda: _length(place, large)),
            ("killed and started again", lambda: _kills(place, small, wanted.kills)),
            (
                f"Ray, {_NODES} nodes on this machine",
                lambda: _cluster(place, small, write_images(place / "shared", min(wanted.images, _SHARED))),
            ),
        ):
            lines.append(f"| {name} | {tried()} |")
            typer.echo(lines[-1], err=True)
    return lines


def write_images(folder: Path, count: int) -> str:
    """Images and labels as files; what --data takes."""
    import numpy as np

    from featurelens.models import fashion_mnist

    folder.mkdir()
    test = fashion_mnist("test")
    pixels = np.round(np.asarray(test.images[:, :, :, 0]) * 255).astype(np.uint8)
    images = np.lib.format.open_memmap(folder / "images.npy", mode="w+", dtype=np.uint8, shape=(count, 28, 28))
    for start in range(0, count, len(pixels)):
        stop, times = min(start + len(pixels), count), start // len(pixels)
        moved = np.roll(pixels, (times % 5 - 2, times // 5 % 5 - 2), axis=(1, 2))
        images[start:stop] = moved[: stop - start]
    images.flush()
    np.save(folder / "labels.npy", np.resize(test.labels, count))
    return f"{folder / 'images.npy'},{folder / 'labels.npy'}"


def asked(data: str) -> Asked:
    """The shipped model and these images; for this process and for those of workers."""
    from featurelens.models import load_model, open_dataset
    from featurelens.reports.store.extraction import Wishes, asked_for

    model = load_model("zero_padded_dropout")
    dataset = open_dataset(data, scale="0-1", class_names=open_dataset("fashion_mnist").class_names)
    wishes = Wishes(methods=_MAPS, unit_images=_UNIT, command="featurelens benchmark --scale")
    return asked_for(model, dataset, wishes)


def _cost(place: Path, data: str, rounds: int) -> str:
    """Tables and maps, written for good, beside the same maps streamed and dropped."""
    from featurelens.reports.store.extraction import extract_asked
    from featurelens.reports.store.files.units import units_of
    from featurelens.reports.store.rows import RowReader

    wanted = asked(data)
    reader = RowReader(wanted.model, wanted.dataset, wanted.wanted, wanted.batch_size)
    units = units_of(len(wanted.dataset), _UNIT)
    bare = _bare_stream(wanted)
    bare()
    reader.read(units[0])
    ratios = []
    for number in range(rounds):
        streamed = _cpu(bare)
        stored = _cpu(lambda number=number: extract_asked(wanted, place / f"cost-{number}"))
        ratios.append(stored / streamed)
    apart = f"{min(ratios):.2f} to {max(ratios):.2f}"
    return f"{statistics.median(ratios):.2f} times ({rounds} rounds: {apart}), its trace and the proof of the data included"


def _bare_stream(wanted: Asked) -> Callable[[], object]:
    """The same maps of the same images out of one program, dropped batch by batch."""
    from featurelens.interpret.stream.joint_maps import JointMaps

    computes = {each.name: each.method.compute(each.layer) for each in wanted.wanted.maps if each.method.compute}
    program = JointMaps(wanted.model, computes).program

    def run() -> None:
        for start in range(0, len(wanted.dataset), wanted.batch_size):
            for _ in program.stream(
                wanted.dataset.images[start : start + wanted.batch_size], batch_size=wanted.batch_size
            ):
                pass

    return run


def _cpu(run: Callable[[], object]) -> float:
    began = time.process_time()
    run()
    return time.process_time() - began


def _length(place: Path, data: str) -> str:
    """Seconds of the last tenth of the units beside the first, and the memory in between."""
    from featurelens.reports.store.files import ledger
    from featurelens.reports.store.writing import UnitWriter, begun

    wanted, root = asked(data), place / "length"
    writer = UnitWriter(root, wanted)
    units = begun(root, wanted, writer.shapes, mixed=False)
    tenth, seconds, resident = max(1, len(units) // 10), [], []
    for unit in units:
        entry = writer.write(unit)
        ledger.append(root, entry)
        if len(unit) == _UNIT:
            seconds.append(entry.seconds)
        resident.append(_resident())
    first, last = statistics.median(seconds[1 : tenth + 1]), statistics.median(seconds[-tenth:])
    grown = (resident[-1] - resident[tenth]) / 1e6
    return (
        f"{len(wanted.dataset):,} images in {sum(seconds):.0f} s; the last {tenth} units take {last / first:.2f} times as long "
        f"as the first; memory {resident[-1] / 1e6:.0f} MB, {grown:+.0f} MB since the first {tenth}"
    )


def _resident() -> int:
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _kills(place: Path, data: str, kills: int) -> str:
    """How many stores of killed and resumed runs equal that of one that was left alone."""
    from featurelens.reports.store.files import ledger
    from featurelens.reports.store.opening import open_store

    whole = _extracted(place / "alone", data)
    equal = 0
    for number in range(kills):
        root = place / f"killed-{number}"
        process = _started(root, data)
        while process.poll() is None and len(ledger.entries(root)) < number % 9 + 1:
            time.sleep(0.005)
        time.sleep(0.01 * (number % 7))  # somewhere within a unit
        process.send_signal(signal.SIGKILL)
        process.wait()
        before, again = len(ledger.entries(root)), _extracted(root, data)
        equal += again == whole and not open_store(root).damaged()
        typer.echo(f"killed at {before} lines of the ledger: {'the same' if again == whole else 'another'}", err=True)
    return f"the store is the same {equal} of {kills} times"


def _started(root: Path, data: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "featurelens.scripts.benchmarks.large_sets", data, str(root)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def _extracted(root: Path, data: str) -> str:
    """The digest of a store filled by a process of its own."""
    from featurelens.reports.store.opening import open_store

    if _started(root, data).wait():
        raise RuntimeError(f"The extraction into {root} failed. Run it again by hand to see why.")
    return open_store(root).digest


def _cluster(place: Path, data: str, larger: str) -> str:
    """The time of three nodes beside one process, start-up left out, and whether the bits hold through losses."""
    try:
        import ray  # pyright: ignore[reportMissingImports]
        from ray.cluster_utils import Cluster as Nodes  # pyright: ignore[reportMissingImports]
    except ImportError:
        return 'not tried: pip install "featurelens[ray]"'
    from functools import partial

    from featurelens.reports.store.extraction import extract_asked
    from featurelens.reports.store.many_workers import Cluster, extract_by_workers

    alone = extract_asked(asked(data), place / "warm")
    one_process = extract_asked(asked(larger), place / "one")
    one = sum(entry.seconds for entry in one_process.entries)
    nodes = Nodes(initialize_head=True, head_node_args={"num_cpus": 1})
    others = [nodes.add_node(num_cpus=1) for _ in range(_NODES - 1)]
    ray.init(address=nodes.address, log_to_driver=False)
    try:
        root = place / "three"
        three = extract_by_workers(partial(asked, larger), root, Cluster(_NODES))
        took = _work_seconds(root)
        harmed = place / "harmed"
        _harm_later(harmed, nodes, others[0])
        again = extract_by_workers(partial(asked, data), harmed, Cluster(_NODES))
    finally:
        ray.shutdown()
        nodes.shutdown()
    pairs = ((three, one_process), (again, alone))
    same = [each.digest == wanted.digest and not each.missing for each, wanted in pairs]
    return (
        f"{took / one:.2f} times the {one:.1f} s of one process, start-up left out; same bits: {_yes(same[0])}; with a worker "
        f"killed and a node taken away: {_yes(same[1])}"
    )


def _work_seconds(root: Path) -> float:
    """From the first unit's end to the last one's, and the share of the first: what the work took once all were there."""
    ends = sorted(path.stat().st_mtime for path in (root / "tables").glob("*.parquet"))
    units = len(ends)
    return (ends[-1] - ends[_NODES - 1]) * units / max(units - _NODES, 1)


def _harm_later(root: Path, nodes: Any, node: Any) -> None:
    """Kill a worker once a few units are done, and take a node away a moment later."""
    import threading

    from featurelens.reports.store.files import ledger

    def harm() -> None:
        while len(ledger.entries(root)) < 2:
            time.sleep(0.05)
        found = subprocess.run(
            ["pgrep", "-f", "ray::_Worker"], capture_output=True, text=True, check=False
        ).stdout.split()
        if found:
            os.kill(int(found[0]), signal.SIGKILL)
        time.sleep(0.5)
        nodes.remove_node(node, allow_graceful=False)

    threading.Thread(target=harm, daemon=True).start()


def _yes(answer: bool) -> str:
    return "yes" if answer else "NO"


def _one_store(data: str, root: str) -> Store:
    """What a process of its own does."""
    from featurelens.reports.store.extraction import extract_asked

    return extract_asked(asked(data), Path(root))


if __name__ == "__main__":
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    print(json.dumps(_one_store(*sys.argv[1:3]).digest))  # noqa: T201
