"""What is on the page of a report, and what becomes of it: options of `featurelens report`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from featurelens.reports.html.own_words import OwnWords


@dataclass(frozen=True)
class PageChoice:
    """What is on the page; a record of options (see `records`)."""

    title: Annotated[str | None, typer.Option(help="Title of the page. Default: What MODEL sees.")] = None
    logo: Annotated[Path | None, typer.Option(help="A PNG, JPEG or WebP at the head of the page.")] = None
    note: Annotated[Path | None, typer.Option(help="A text in Markdown below the headline.")] = None
    sections: Annotated[
        list[str] | None,
        typer.Option(
            help="A section to compute and show, or several with commas; may be given several times. Default: all."
        ),
    ] = None
    classes: Annotated[
        list[str] | None,
        typer.Option(help="Only images of this true class, by name or number; may be given several times."),
    ] = None
    max_images: Annotated[
        int | None, typer.Option(min=1, help="Of more images, so many are drawn and reported on.")
    ] = None
    max_size: Annotated[
        float | None, typer.Option(min=0.1, help="Megabytes of the page, about: above it fewer pictures are drawn.")
    ] = None
    open: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False
    quiet: Annotated[bool, typer.Option("--quiet", help="Say nothing but warnings and errors.")] = False

    @property
    def ids(self) -> list[str] | None:
        """The sections' ids, those with commas taken apart; None for all."""
        named = [each.strip() for words in self.sections or () for each in words.split(",") if each.strip()]
        return named or None

    @property
    def wanted_classes(self) -> list[str | int] | None:
        """Names and numbers of classes; None for all."""
        return [int(each) if each.isdecimal() else each for each in self.classes or ()] or None

    def read(self, usual: str) -> OwnWords:
        """Title, logo and note, read and made harmless; the sections' ids are checked.

        Args:
            usual: The title where none was typed.

        Raises:
            ValueError: A file is none of its kind, or a section is unknown.
        """
        from featurelens.reports.report_choice import chosen_sections, own_words

        chosen_sections(self.ids)
        return own_words(self.title or usual, self.logo, self.note)


@contextmanager
def progress_of(choice: PageChoice, expected: Mapping[str, float]) -> Iterator[Callable[[str, int, int], None]]:
    """The bar of the whole work; none where nothing is to be said."""
    from featurelens.scripts.terminal.progress import whole_shown

    if choice.quiet:
        yield lambda what, done, total: None
        return
    with whole_shown(expected) as step:
        yield step


def told(choice: PageChoice, target: Path, sentence: str) -> None:
    """Say that the page is written, and open it, as asked for."""
    from featurelens.scripts.terminal.saying import say

    if not choice.quiet:
        say(sentence)
    if choice.open:
        import webbrowser

        if not webbrowser.open(target.as_uri()):
            say(f"There is no browser that can be started here. Open {target} in one.", err=True)
