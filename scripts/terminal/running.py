"""How any command is run: what the user can mend becomes one line, and every ending an exit code."""

from __future__ import annotations

import atexit
import gc
import io
import os
import sys
import traceback
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import typer

from featurelens.models.visible_text import visible_line
from featurelens.scripts.terminal.exit_codes import INTERRUPTED, REFUSED, USAGE
from featurelens.scripts.terminal.interruption import Interrupted
from featurelens.scripts.terminal.option_words import in_options
from featurelens.scripts.terminal.saying import say

# For NumPy and OpenCV, which no command has imported yet. Small products, factorisations and clusterings wait busily for their
# other thread: where other programs keep the cores busy, a report took 6 of 20 CPU seconds for NumPy's. The model's own threads
# are TensorFlow's.
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")
_OBJECTS = 50_000  # made before Python looks for garbage, in place of 700: a report took 0.5 CPU seconds for looking


def run_alone(name: str, command: Callable[..., None]) -> None:
    """Run one command as a script of its own, with what follows the script's name on the command line."""
    app = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="rich")
    app.command(name)(command)
    run(app, program=f"featurelens {name}")


def run(
    app: typer.Typer,
    arguments: Sequence[str] | None = None,
    *,
    program: str = "featurelens",
    before: Callable[[str], None] | None = None,
    settings: Callable[[], dict[str, Any]] | None = None,
) -> None:
    """Run an application; what the user can mend becomes one line and a non-zero exit.

    Args:
        app: The application.
        arguments: The words behind its name; those that Python was started with by default.
        program: Its name.
        before: Called with the first word, to refuse one that is plainly no command.
        settings: Gives {command: {parameter: what it is where it is not typed}}.
    """
    for threads in _ONE_THREAD:
        os.environ.setdefault(threads, "1")
    _show_every_letter()
    usual = gc.get_threshold()
    gc.set_threshold(_OBJECTS, *usual[1:])
    _leave_at_once()
    given = _with_size_limit(list(sys.argv[1:] if arguments is None else arguments))
    verbose = "--verbose" in given
    kept = [argument for argument in given if argument != "--verbose"]
    warnings.showwarning = _one_line_each(set())
    try:
        if before is not None and kept:
            before(kept[0])
        app(args=kept, prog_name=program, default_map=None if settings is None else settings())
    except SystemExit as stopped:
        if stopped.code == INTERRUPTED:  # what typer makes of Ctrl-C
            say("Interrupted. No half-written file is left.", err=True)
        raise
    except Interrupted as stopped:
        say(f"Interrupted. {stopped}", err=True)
        sys.exit(INTERRUPTED)
    except (ValueError, ImportError, OSError, MemoryError) as error:
        if verbose:
            traceback.print_exc()
        else:
            say(f"Error: {in_options(visible_line(_words(error)))}", err=True)
        sys.exit(REFUSED)
    finally:
        gc.set_threshold(*usual)


def _leave_at_once() -> None:
    """Look for no garbage when the program ends, when all its memory goes back to the system anyway.

    Python walks several times through all that is left: 1.1 CPU seconds for what TensorFlow and a report leave. Files are
    closed and temporary folders removed as ever.
    """
    atexit.unregister(gc.freeze)  # of an earlier command of the same program
    atexit.register(gc.freeze)


def _show_every_letter() -> None:
    """Letters that the terminal's encoding lacks (× in ASCII) become escapes on stdout, as Python has it on stderr."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _words(error: Exception) -> str:
    """What an error says; of one of the system's, or without words, with what to do."""
    if isinstance(error, OSError) and not str(error).startswith("Expected"):
        about = f" for '{error.filename}'" if error.filename else ""
        return (
            f"Expected files that can be read and written. Received '{error.strerror or error}'{about}. Check the path."
        )
    if isinstance(error, MemoryError):
        return (
            f"Expected data that fit into memory. Received '{error}'. Take fewer or smaller images, or a smaller batch."
        )
    return str(error) or type(error).__name__


def _with_size_limit(arguments: list[str]) -> list[str]:
    """The arguments without `--size-limit GIGABYTES`, which is taken behind any command and holds from then on."""
    name = "--size-limit"
    place = next((at for at, word in enumerate(arguments) if word == name or word.startswith(f"{name}=")), None)
    if place is None:
        return arguments
    word, *rest = arguments[place:]
    value = word.partition("=")[2] if "=" in word else (rest.pop(0) if rest else "")
    if not value.isdigit() or int(value) < 1:
        say(f"Error: Expected {name} as whole gigabytes, such as {name} 8. Received '{visible_line(value)}'.", err=True)
        sys.exit(USAGE)
    from featurelens.models.file_limits import LIMITS

    LIMITS.raise_to(int(value) * 2**30)
    return [*arguments[:place], *rest]


def _one_line_each(said: set[str]) -> Callable[..., None]:
    """Our own warnings as a line, each once (a step and the whole may warn of the same); not those of libraries."""

    def show(message: Warning | str, category: type[Warning], *_: object) -> None:
        line = f"Warning: {visible_line(message)}"
        if category is UserWarning and line not in said:
            said.add(line)
            say(line, err=True)

    return show
