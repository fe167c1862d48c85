"""The command line: `featurelens report | train | evaluate | inspect | explain | trust | explore | compare | benchmark`.

Nothing heavy is imported here, so that `--help` answers at once; each command imports what it needs when it runs.
"""

from __future__ import annotations

import sys
import traceback
import warnings
from collections.abc import Sequence
from typing import Annotated

import typer

from featurelens.scripts.benchmark import benchmark
from featurelens.scripts.compare import compare
from featurelens.scripts.early_checks import refuse_file_as_command
from featurelens.scripts.evaluate import evaluate
from featurelens.scripts.explain import explain
from featurelens.scripts.explore import explore
from featurelens.scripts.inspect_model import inspect_layers
from featurelens.scripts.interruption import Interrupted
from featurelens.scripts.report import report
from featurelens.scripts.train import train
from featurelens.scripts.trust import trust

_said: set[str] = set()  # warnings of this command: a step and the whole may warn of the same
_INTERRUPTED = 130  # exit code, by custom 128 + SIGINT

app = typer.Typer(
    name="featurelens",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Show what every layer of a Keras CNN sees, why it decides as it does, and how far each picture can be trusted.",
)
app.command("report")(report)
app.command("inspect")(inspect_layers)
app.command("explain")(explain)
app.command("trust")(trust)
app.command("explore")(explore)
app.command("evaluate")(evaluate)
app.command("compare")(compare)
app.command("train")(train)
app.command("benchmark")(benchmark)


def _version(wanted: bool) -> None:
    """Print the version of the package, and stop."""
    if not wanted:
        return
    from importlib.metadata import version

    typer.echo(f"featurelens {version('featurelens')}")
    raise typer.Exit


@app.callback()
def options(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Show the traceback of an error. Works after any command.")
    ] = False,
) -> None:
    """Show what every layer of a Keras CNN sees, why it decides as it does, and how far each picture can be trusted."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command; what the user can mend becomes one line and a non-zero exit."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    verbose = "--verbose" in given
    kept = [argument for argument in given if argument != "--verbose"]
    _said.clear()
    warnings.showwarning = _one_line
    try:
        if kept and kept[0][:1] != "-" and kept[0] not in {command.name for command in app.registered_commands}:
            refuse_file_as_command(kept[0])
        app(args=kept, prog_name="featurelens")
    except SystemExit as stopped:
        if stopped.code == _INTERRUPTED:  # what typer makes of Ctrl-C
            typer.echo("Interrupted. No half-written file is left.", err=True)
        raise
    except Interrupted as stopped:
        typer.echo(f"Interrupted. {stopped}", err=True)
        sys.exit(_INTERRUPTED)
    except (ValueError, ImportError, OSError, MemoryError) as error:
        if verbose:
            traceback.print_exc()
        else:
            typer.echo(f"Error: {' '.join(str(error).split()) or type(error).__name__}", err=True)
        sys.exit(1)


def _one_line(message: Warning | str, category: type[Warning], *_: object) -> None:
    """Our own warnings as a line; those of libraries are not the user's to mend."""
    text = f"Warning: {' '.join(str(message).split())}"
    if category is UserWarning and text not in _said:
        _said.add(text)
        typer.echo(text, err=True)


if __name__ == "__main__":
    main()
