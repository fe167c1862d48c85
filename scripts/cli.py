"""The command line: `featurelens report | train | evaluate | inspect | explain | trust | explore | compare | diff | serve | ...`.

Nothing heavy is imported here, so that `--help` answers at once; each command imports what it needs when it runs.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Annotated

import typer

from featurelens.scripts.benchmark import benchmark
from featurelens.scripts.compare import compare
from featurelens.scripts.course import course
from featurelens.scripts.diff import diff
from featurelens.scripts.evaluate import evaluate
from featurelens.scripts.explain import explain
from featurelens.scripts.explore import explore
from featurelens.scripts.inspect_model import inspect_layers
from featurelens.scripts.report import report
from featurelens.scripts.serving.command import serve
from featurelens.scripts.store.extract import extract
from featurelens.scripts.store.merge import merge
from featurelens.scripts.terminal.exit_codes import listed
from featurelens.scripts.terminal.mistyped import HelpfulCommand, refuse_file_as_command
from featurelens.scripts.terminal.running import run
from featurelens.scripts.terminal.saying import say
from featurelens.scripts.terminal.settings import settings
from featurelens.scripts.train import train
from featurelens.scripts.trust import trust

app = typer.Typer(
    name="featurelens",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Show what every layer of a Keras CNN sees, why it decides as it does, and how far each picture can be trusted.",
    epilog=listed(),
)
app.command("report", cls=HelpfulCommand)(report)
app.command("inspect", cls=HelpfulCommand)(inspect_layers)
app.command("explain", cls=HelpfulCommand)(explain)
app.command("trust", cls=HelpfulCommand)(trust)
app.command("explore", cls=HelpfulCommand)(explore)
app.command("evaluate", cls=HelpfulCommand)(evaluate)
app.command("compare", cls=HelpfulCommand)(compare)
app.command("diff", cls=HelpfulCommand)(diff)
app.command("train", cls=HelpfulCommand)(train)
app.command("extract", cls=HelpfulCommand)(extract)
app.command("merge", cls=HelpfulCommand)(merge)
app.command("serve", cls=HelpfulCommand)(serve)
app.command("course", cls=HelpfulCommand)(course)
app.command("benchmark", cls=HelpfulCommand)(benchmark)


def _version(wanted: bool) -> None:
    """Print the version of the package, and stop."""
    if not wanted:
        return
    from importlib.metadata import version

    say(f"featurelens {version('featurelens')}")
    raise typer.Exit


@app.callback()
def options(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Show the traceback of an error. Works after any command.")
    ] = False,
    size_limit: Annotated[
        int | None,
        typer.Option(
            help="Gigabytes that one file may hold, or unpack to. Default: 4. Works after any command.",
            metavar="GIGABYTES",
        ),
    ] = None,
) -> None:
    """Show what every layer of a Keras CNN sees, why it decides as it does, and how far each picture can be trusted."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command of `featurelens`; without `arguments` those that it was started with."""
    run(app, arguments, before=_refuse_file_as_command, settings=partial(settings, app))


def _refuse_file_as_command(first: str) -> None:
    """Say which command takes a file that stands in the place of a command."""
    if first[:1] != "-" and first not in {command.name for command in app.registered_commands}:
        refuse_file_as_command(first)


if __name__ == "__main__":
    main()
