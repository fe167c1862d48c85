"""What a model says of every image of a large set, into a store that can be interrupted: `featurelens extract`."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from featurelens.scripts.options.early_checks import checked_data
from featurelens.scripts.options.measuring import BatchSize
from featurelens.scripts.options.methods import method_named, method_option
from featurelens.scripts.options.opening import DEFAULT_MODEL, Data, Model, Opening, load_with_card, open_for
from featurelens.scripts.options.records import takes_records
from featurelens.scripts.terminal.interruption import Interrupted
from featurelens.scripts.terminal.saying import say

if TYPE_CHECKING:
    from featurelens.reports.store.opening import Store
    from featurelens.reports.store.writing import Asked

_ENGINES = ("local", "ray")


@dataclass(frozen=True)
class Kept:
    """What is kept of each image beside the answers."""

    method: Annotated[list[str] | None, method_option("Keep the maps of a method, such as hirescam")] = None
    layer: Annotated[
        list[str] | None,
        typer.Option(
            "--layer", help="Where the CAMs look: by default the last convolution; may be given several times."
        ),
    ] = None
    activations: Annotated[
        list[str] | None,
        typer.Option("--activations", help="Keep a layer's activations; may be given several times.", metavar="LAYER"),
    ] = None
    dtype: Annotated[str, typer.Option(help="float32, or float16 for half the size.")] = "float32"
    for_report: Annotated[
        bool,
        typer.Option("--for-report", help="Count what `featurelens report --store` is written from, in a second pass."),
    ] = False
    max_store: Annotated[
        float, typer.Option(min=0.001, help="Gigabytes before compression that the store may have.")
    ] = 100.0


@dataclass(frozen=True)
class Running:
    """How the work is done; nothing of it but the batch size changes a bit of the store."""

    batch_size: BatchSize = None
    unit_images: Annotated[
        int, typer.Option(min=1, help="Images of a unit, which is done as a whole or not at all.")
    ] = 8192
    part: Annotated[
        str | None,
        typer.Option(help="2/3: of every three units the second, for three machines; then `featurelens merge`."),
    ] = None
    mixed: Annotated[
        bool, typer.Option("--mixed", help="Take units of several kinds of machines; each notes where it was made.")
    ] = False
    engine: Annotated[str, typer.Option(help="local: this process; ray: several workers.")] = "local"
    workers: Annotated[
        int | None, typer.Option(min=1, help="Of --engine ray, with a model each; 2 unless said otherwise.")
    ] = None
    ray_address: Annotated[
        str | None, typer.Option(help="Of a Ray that runs, such as auto; by default one is started here.")
    ] = None
    cpus: Annotated[int | None, typer.Option(min=1, help="Cores of each worker of Ray; 1 unless said otherwise.")] = (
        None
    )
    gpus: Annotated[float | None, typer.Option(min=0, help="GPUs of each worker of Ray; by default none.")] = None


@takes_records
def extract(
    output: Annotated[Path, typer.Option(help="The store: a new folder, or one to go on with.")],
    model: Model = DEFAULT_MODEL,
    data: Data = None,
    kept: Kept = Kept(),
    running: Running = Running(),
    opening: Opening = Opening(),
) -> None:
    """Write what a model says of every image into a store: called again, it goes on where it was interrupted.

    Tables of answers as Parquet, and maps and activations as zarr. `featurelens report --store` writes the report from it.
    """
    from featurelens.reports.store.files.arrays import zarr
    from featurelens.reports.store.files.tables import pyarrow

    _check(running)
    for name in kept.method or ():
        method_named(name)
    pyarrow()
    if kept.method or kept.activations:
        zarr()
    source = checked_data(model, data, opening)
    root = output.expanduser().absolute()
    opened = partial(_asked, model, _absolute(source), kept, running, opening, _command())
    try:
        store = _filled(opened, root, kept, running)
    except KeyboardInterrupt:
        raise Interrupted(f"What is done stays in {root}; the same command goes on with it.") from None
    size = sum(path.stat().st_size for path in root.rglob("*") if path.is_file())
    done = len(store.units) - len(store.missing)
    of = f"{done} of {len(store.units)} units" if store.missing else f"{done} unit{'s' if done > 1 else ''}"
    say(f"Wrote {root}: {len(store):,} images, {of}, {size / 1e6:.1f} MB, content {store.digest[:16]}.")


def _asked(model: str, source: str, kept: Kept, running: Running, opening: Opening, command: str) -> Asked:
    """Model and data, opened here: in this process, or in that of a worker."""
    from featurelens.reports.store.extraction import Wishes, asked_for

    loaded, card = load_with_card(model, opening)
    wishes = Wishes(
        methods=[method_named(name) for name in kept.method or ()],
        layers=kept.layer or (),
        activations=kept.activations or (),
        dtype=kept.dtype,
        batch_size=running.batch_size,
        unit_images=running.unit_images,
        for_report=kept.for_report,
        command=command,
    )
    return asked_for(loaded, open_for(source, loaded, card, opening), wishes)


def _filled(opened: Any, root: Path, kept: Kept, running: Running) -> Store:
    from featurelens.reports.store.extraction import extract_asked
    from featurelens.reports.store.many_workers import Cluster, extract_by_workers
    from featurelens.scripts.terminal.progress import whole_shown

    with whole_shown({"images": 1.0}) as step:
        if running.engine == "local":
            part = _part(running.part)
            return extract_asked(
                opened(), root, part=part, max_store=kept.max_store, mixed=running.mixed, progress=step
            )
        cluster = Cluster(running.workers or 2, running.ray_address, running.cpus or 1, running.gpus or 0.0)
        return extract_by_workers(opened, root, cluster, max_store=kept.max_store, mixed=running.mixed, progress=step)


def _check(running: Running) -> None:
    """Refuse a wrong word before anything is loaded."""
    from featurelens.models.known_names import unknown_name

    if running.engine not in _ENGINES:
        raise unknown_name("engine", running.engine, _ENGINES, "Pass one of them.")
    _part(running.part)
    if running.engine == "ray" and running.part is not None:
        raise ValueError(
            "Expected --part with --engine local. Received it with ray, which shares the units out. Leave it out."
        )
    of_ray = {
        "--workers": running.workers,
        "--ray-address": running.ray_address,
        "--cpus": running.cpus,
        "--gpus": running.gpus,
    }
    given = [option for option, value in of_ray.items() if value is not None]
    if running.engine == "local" and given:
        raise ValueError(
            f"Expected {' and '.join(given)} with --engine ray. Received {'it' if len(given) == 1 else 'them'} without it. Add "
            f"--engine ray, or leave {'it' if len(given) == 1 else 'them'} out."
        )


def _part(words: str | None) -> tuple[int, int]:
    """(k, n) of 'k/n'; None is all."""
    if words is None:
        return 1, 1
    place, _, parts = words.partition("/")
    if not (place.isdecimal() and parts.isdecimal() and 1 <= int(place) <= int(parts)):
        raise ValueError(
            f"Expected --part as K/N, such as 2/3 for the second of three machines. Received '{words}'. Write it so."
        )
    return int(place), int(parts)


def _absolute(source: str) -> str:
    """Paths as workers in other folders find them; names stay as they are."""
    parts = source.split(",")
    return ",".join(str(Path(part).absolute()) if Path(part).exists() else part for part in parts)


def _command() -> str:
    return shlex.join(["featurelens", *sys.argv[1:]]) if "extract" in sys.argv[1:2] else "featurelens extract"


if __name__ == "__main__":
    from featurelens.scripts.terminal.running import run_alone

    run_alone("extract", extract)
