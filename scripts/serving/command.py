"""A model as a web service, with a page to try it: `featurelens serve`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from featurelens.scripts.options.early_checks import checked_data
from featurelens.scripts.options.opening import DEFAULT_MODEL, Data, Opening, load_with_card, reading_for
from featurelens.scripts.options.records import Without, takes_records
from featurelens.scripts.options.trust_file import trust_on_file
from featurelens.scripts.terminal.exit_codes import REFUSED

if TYPE_CHECKING:
    import socket

    from featurelens.scripts.serving.answers.served_model import ServedModel
    from featurelens.scripts.serving.settings import Settings

_NEEDED = ("fastapi", "uvicorn", "httptools", "orjson", "prometheus_client")
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True)
class Listening:
    """Where the service listens, and to whom."""

    host: Annotated[str, typer.Option(help="Address to listen on; this machine alone unless another is named.")] = (
        "127.0.0.1"
    )
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8000
    token: Annotated[
        str | None,
        typer.Option(envvar="FEATURELENS_TOKEN", help="Every request must bear it: Authorization: Bearer TOKEN."),
    ] = None
    allow_origin: Annotated[
        list[str] | None, typer.Option(help="Another site whose pages may ask, as https://example.org.")
    ] = None
    allow_host: Annotated[list[str] | None, typer.Option(help="Another name by which the service may be called.")] = (
        None
    )
    quiet: Annotated[bool, typer.Option("--quiet", help="No line of JSON for each request.")] = False


@dataclass(frozen=True)
class Limits:
    """What a request may cost."""

    queue: Annotated[int, typer.Option(min=1, help="Pictures that may wait; beyond it: 429.")] = 256
    max_wait: Annotated[
        float,
        typer.Option(
            min=0.001,
            help="Seconds in which a crowd's answers are expected, or three single answers where these take longer; beyond: 429.",
        ),
    ] = 0.15
    deadline: Annotated[float, typer.Option(min=0.01, help="Seconds that a request may take.")] = 10.0
    body_megabytes: Annotated[float, typer.Option(min=0.001, help="Largest body of a request.")] = 10.0
    megapixels: Annotated[float, typer.Option(min=0.001, help="Largest picture, found before it is decoded.")] = 16.0
    job_seconds: Annotated[
        float, typer.Option(min=0.1, help="Longest that a method of many passes may run, its rests not counted.")
    ] = 60.0
    threads: Annotated[
        int, typer.Option(min=1, help="Of TensorFlow; more are quicker for large pictures and cost more in all.")
    ] = 1


@takes_records
def serve(
    models: Annotated[
        list[str] | None,
        typer.Argument(help="Shipped names or files, each as NAME=MODEL where it is to have another name."),
    ] = None,
    data: Data = None,
    trust: Annotated[
        Path | None,
        typer.Option(help="What `featurelens trust` wrote; default: MODEL.trust.json where it fits."),
    ] = None,
    check: Annotated[bool, typer.Option("--check", help="Print what would be served, and stop.")] = False,
    listening: Listening = Listening(),
    limits: Limits = Limits(),
    opening: Annotated[Opening, Without("task", "score", "direction")] = Opening(),
) -> None:
    """Serve models over HTTP, with a page to try them: each answer with its reason and how far it can be trusted.

    The data are the references that answers are compared with: they should not be those of the training.
    """
    _require_packages()
    named = _named(models or [DEFAULT_MODEL])
    source = checked_data(list(named.values()), data, opening)
    if trust is not None and len(named) > 1:
        raise ValueError(
            f"Expected --trust with one model. Received {len(named)} models. Put each file beside its model."
        )
    settings = _settings(listening, limits)
    if check:
        typer.echo(
            "\n".join(line for each in _all_prepared(named, source, trust, opening, limits) for line in _lines(each))
        )
        return
    from featurelens.scripts.serving.connections.addresses import bound

    with bound(settings.host, settings.port) as sockets:
        run_service(_all_prepared(named, source, trust, opening, limits), settings, sockets)


def _all_prepared(
    named: Mapping[str, str], source: str, trust: Path | None, opening: Opening, limits: Limits
) -> list[ServedModel]:
    to_so_many_threads(limits.threads)
    return [prepared(name, model, source, trust, opening, limits) for name, model in named.items()]


def _require_packages() -> None:
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise ImportError(
            f"Expected the packages of the service. Received an installation without {', '.join(missing)}. Run: "
            f'pip install "featurelens[serve]".'
        )


def _named(words: Sequence[str]) -> dict[str, str]:
    """{name: model}; the name of a file is its stem."""
    from featurelens.models.model_files.loading import is_shipped

    found: dict[str, str] = {}
    for word in words:
        name, equals, model = word.partition("=")
        if not equals or Path(word).exists():
            name, model = (word, word) if is_shipped(word) else (Path(word).stem, word)
        if not name or name in found or "/" in name:
            raise ValueError(
                f"Expected models of different names. Received '{word}' beside others. Name them: NAME=MODEL."
            )
        found[name] = model
    return found


def _settings(listening: Listening, limits: Limits) -> Settings:
    from featurelens.scripts.serving.settings import Settings

    if listening.token is not None and (not listening.token.isascii() or len(listening.token) < 8):
        raise ValueError("Expected a token of at least 8 ASCII characters. Received another one. Make a longer one.")
    if listening.host not in _LOOPBACK and listening.token is None:
        typer.echo(f"Warning: {listening.host} can be reached by others, and no --token is asked of them.", err=True)
    return Settings(
        host=listening.host,
        port=listening.port,
        token=listening.token,
        queue=limits.queue,
        most_seconds=limits.max_wait,
        deadline=limits.deadline,
        body_bytes=int(limits.body_megabytes * 2**20),
        job_seconds=limits.job_seconds,
        origins=tuple(listening.allow_origin or ()),
        hosts=tuple(listening.allow_host or ()),
        log=not listening.quiet,
    )


def to_so_many_threads(threads: int) -> None:
    """Keep TensorFlow and the other libraries to so many threads: several for one small batch cost more than they give."""
    from featurelens.models.quiet_start import quiet_start

    with quiet_start():
        import tensorflow as tf

        try:
            tf.config.threading.set_intra_op_parallelism_threads(threads)
            tf.config.threading.set_inter_op_parallelism_threads(threads)
        except RuntimeError:  # `main` was called from a Python program that has used it
            typer.echo("Note: TensorFlow is at work already; it keeps the number of threads that it has.", err=True)


def prepared(name: str, model: str, source: str, trust: Path | None, opening: Opening, limits: Limits) -> ServedModel:
    """A model with its references, ready to answer."""
    from featurelens.models.model_files.loading import model_path
    from featurelens.scripts.serving.answers.one_class import references_for
    from featurelens.scripts.serving.answers.served_model import served_model

    loaded, card = load_with_card(model, opening)
    dataset = references_for(source, loaded, card, opening)
    on_file = trust_on_file(trust, None, model, loaded, dataset)
    return served_model(
        name,
        model_path(model),
        loaded,
        dataset,
        reading_for(card, opening),
        None if on_file is None else on_file.trust,
        most_pixels=int(limits.megapixels * 1e6),
    )


def _lines(served: ServedModel) -> list[str]:
    """What would be served, for people."""
    from featurelens.scripts.serving.answers.one_class import remark

    known, found = served.trusted.method, served.references
    quick = ", ".join(each.slug for each in served.quick_methods)
    return [
        f"{served.name}  sha256 {served.sha256[:16]}",
        f"  takes {served.reader.words}, pixels {served.reader.value_range[0]:g} to {served.reader.value_range[1]:g}; "
        f"{len(served.class_names)} classes; logits proven to {served.programs.logit_error:.1e}",
        f"  references: {len(found.labels):,} images of {found.source}, {100 * found.accuracy:.1f} % correctly classified",
        f"  explains by {known.name}{f' at {served.layer}' if served.layer else ''} ({served.trusted.level(known.name)}): "
        f"{served.trusted.words(known.name)}",
        f"  at once: {quick}; other methods as jobs",
        *([f"  {told}"] if (told := remark(served.programs.head)) else []),
        *(f"  refuses {name}: {reason}" for name, reason in served.refused.items()),
    ]


def run_service(served: Sequence[ServedModel], settings: Settings, sockets: Sequence[socket.socket]) -> None:
    """Listen until told to stop, on what was taken for it."""
    from threadpoolctl import threadpool_limits

    from featurelens.scripts.serving.application import listener
    from featurelens.scripts.serving.connections.addresses import shown

    service, listening = listener(served, settings)
    names, port = ", ".join(each.name for each in served), sockets[0].getsockname()[1]
    typer.echo(f"Serving {names} on http://{shown(settings.host)}:{port}/ . Ctrl-C stops it.", err=True)
    with threadpool_limits(1):
        listening.run(list(sockets))
    if service.worker.death:
        typer.echo("Error: the thread that owns the model ended.", err=True)
        raise typer.Exit(REFUSED)
    left = f" Jobs left unfinished: {listening.jobs_left}." if listening.jobs_left else ""
    typer.echo(f"Stopped: every request that was taken has been answered.{left}", err=True)


if __name__ == "__main__":
    from featurelens.scripts.terminal.running import run_alone

    run_alone("serve", serve)
