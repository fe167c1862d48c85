"""What a command may write to: a place that can be written, and none of the files that it reads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

Named = str | Path | None  # as typed


def check_outputs(
    outputs: Iterable[Path],
    *,
    models: Iterable[str] = (),
    data: Iterable[str | None] = (),
    files: Iterable[Named] = (),
    with_trust: bool = True,
) -> None:
    """Refuse, before any work starts, to replace what the command reads, however its path is spelt.

    Args:
        outputs: The files that will be written.
        models: Shipped names or paths; with each go its card, the trust measured of it and, of a SavedModel, all its files.
        data: What images are read from, as typed: names, folders, files and pairs; None: nothing.
        files: Pictures, class names and the like, as typed; what is not there is passed over.
        with_trust: Whether the trust measured of the models counts; `featurelens trust` itself replaces it.

    Raises:
        ValueError: An output is one of these.
    """
    there = {_identity(path): path for path in outputs if path.exists()}
    if not there:
        return  # what does not exist yet is nobody's input
    for what, path in _read(models, data, files, with_trust):
        target = there.get(_identity(path)) if path.exists() else None
        if target is not None:
            raise ValueError(
                f"Expected to write beside what is read, never over it. Received '{target}' to write, which is {what}"
                f"{'' if path == target else f' (read as {path})'}. Name another file."
            )


def check_page_outputs(outputs: Sequence[Path], **read: Any) -> None:
    """The same for a command whose first output is a page.

    Args:
        outputs: The files that will be written, the page first.
        read: What the command reads, as `check_outputs` takes it.

    Raises:
        ValueError: As `check_outputs`; or the page's name ends as another kind of file's does.
    """
    from featurelens.reports.files.whole_files import check_page_name

    check_outputs(outputs, **read)
    check_page_name(outputs[0])


def _identity(path: Path) -> tuple[int, int]:
    """The file itself, whatever it is called: links and other spellings lead to the same."""
    found = path.stat()
    return found.st_dev, found.st_ino


def _read(
    models: Iterable[str], data: Iterable[str | None], files: Iterable[Named], with_trust: bool
) -> Iterator[tuple[str, Path]]:
    """Each file that is read, with what it is."""
    from featurelens.models.formats.sources import files_of
    from featurelens.models.model_files.cards import card_path
    from featurelens.models.model_files.loading import model_path
    from featurelens.reports.files.trust_file import trust_path

    for model in models:
        path = model_path(model)
        yield from (("a file of the model", each) for each in (path.rglob("*") if path.is_dir() else [path]))
        yield "the model's card", card_path(path)
        if with_trust:
            yield "what featurelens trust measured of the model", trust_path(path)
    for source in data:
        yield from (("a file of the data", each) for each in files_of(source or ""))
    for file in files:
        if file is not None:
            yield "read by this command", Path(file)
