"""What every report without classes does alike on the command line: options, plan, files, progress, last words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from featurelens.scripts.options.early_checks import checked_data
from featurelens.scripts.options.gates import Gates, checked_gates
from featurelens.scripts.options.opening import Opening
from featurelens.scripts.options.outputs import check_page_outputs
from featurelens.scripts.reporting.page_choice import PageChoice, progress_of, told

if TYPE_CHECKING:
    from featurelens.interpret.progress import Progress
    from featurelens.reports.evidence.plan import ReportPlan
    from featurelens.reports.evidence.trust import TrustFile
    from featurelens.reports.files.conditions import Condition
    from featurelens.reports.files.report_files import ReportFiles
    from featurelens.reports.html.own_words import OwnWords

Found = TypeVar("Found")


@dataclass(frozen=True)
class WholeChoice:
    """The options of `featurelens report` that hold without classes, too."""

    batch_size: int | None
    trust_images: int | None
    trust_budget: int | None
    seed: int
    page: PageChoice
    gates: Gates

    def plan(self, measured: TrustFile | None = None) -> ReportPlan:
        """How thoroughly to look.

        Args:
            measured: The trust that was measured before, where it fits.
        """
        from featurelens.reports.evidence.plan import ReportPlan

        return ReportPlan(self.batch_size, self.most_tested, measured, trust_budget=self.trust_budget, seed=self.seed)

    @property
    def most_tested(self) -> int:
        """Images that maps are tested on, at most."""
        from featurelens.reports.evidence.trust import TRUST_IMAGES

        return TRUST_IMAGES if self.trust_images is None else self.trust_images


@dataclass(frozen=True, eq=False)
class Checked:
    """What could be refused before any work was not."""

    words: OwnWords
    conditions: list[Condition]
    files: ReportFiles
    data: str  # where the images are


def checked(data: str | None, model: str, target: Path, opening: Opening, choice: WholeChoice, task: str) -> Checked:
    """The words, conditions and files of a report, and where its data are; what can be refused at once is."""
    page = choice.page
    words, conditions = page.read(usual=f"What {Path(model).stem} answers"), checked_gates(choice.gates, task)
    files = files_of(target, choice)
    images_from = checked_data(model, data, opening)
    beside = [opening.class_names, page.logo, page.note]
    check_page_outputs([target, *choice.gates.written], models=[model], data=[images_from], files=beside)
    return Checked(words, conditions, files, images_from)


def files_of(target: Path, choice: WholeChoice) -> ReportFiles:
    """The files to write, absolute, after a look whether they can be."""
    from featurelens.reports.files.report_files import ReportFiles
    from featurelens.reports.files.whole_files import check_arrays_name, check_writable

    beside = [
        None if path is None else path.expanduser().absolute() for path in (choice.gates.json, choice.gates.arrays)
    ]
    for path in beside:
        if path is not None:
            check_writable(path)
    if beside[1] is not None:
        check_arrays_name(beside[1])
    return ReportFiles(target, *beside)


def looked_and_written(
    choice: WholeChoice,
    plan: ReportPlan,
    shape: tuple[int, ...],
    look: Callable[[Progress], Found],
    write: Callable[[Found, Progress], dict[str, Any]],
) -> tuple[Found, dict[str, Any]]:
    """What was found and the figures that were written, with the progress of both.

    Args:
        choice: The options.
        plan: How thoroughly to look.
        shape: Of all images.
        look: What is told of the progress, and finds.
        write: What was found -> its figures, after they are written.
    """
    with progress_of(choice.page, plan.expected(shape)) as step:
        found = look(step)
        return found, write(found, step)


def tell_written(choice: WholeChoice, target: Path, what: str) -> None:
    """Say where the page is, how large, and of what: '120 pictures'."""
    told(
        choice.page, target, f"Wrote {target} ({target.stat().st_size / 1e6:.1f} MB), of {what}. Open it in a browser."
    )
