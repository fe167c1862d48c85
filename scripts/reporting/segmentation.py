"""`featurelens report` and `evaluate` of a model that names a class for every pixel: `--masks`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from featurelens.scripts.options.early_checks import check_words, checked_data
from featurelens.scripts.options.gates import checked_gates, require_known, stop_if
from featurelens.scripts.options.opening import Opening, load_with_card, open_images, opened_for
from featurelens.scripts.options.outputs import check_page_outputs
from featurelens.scripts.reporting.unlabelled import unlabelled_files
from featurelens.scripts.reporting.whole_page import WholeChoice, files_of, looked_and_written, tell_written
from featurelens.scripts.terminal.saying import say
from featurelens.scripts.terminal.tables import print_table

if TYPE_CHECKING:
    from featurelens.models.datasets.dataset import Dataset
    from featurelens.models.evaluation.segmentation import PixelHead, SegmentationEvaluation
    from featurelens.models.formats.places.class_masks import ClassMasks
    from featurelens.models.model_files.cards import ModelCard


@dataclass(frozen=True)
class MaskChoice:
    """Where the class of each pixel is, for a model that names one; a record of options (see `records`)."""

    masks: Annotated[
        str | None,
        typer.Option(
            help="The class of each pixel, for a model that names one: a folder of PNG masks called as the images are, or .npy, "
            ".npz of [B,H,W]."
        ),
    ] = None
    mask_values: Annotated[
        str | None,
        typer.Option(
            help="Value of each class in the masks, in the model's order: 0,128,255 or '#000000,#ff0000'. Default: its number."
        ),
    ] = None
    ignore: Annotated[
        str | None,
        typer.Option(
            help="Value of the masks that stands for no class. Default: 255, where it is none of the classes."
        ),
    ] = None

    def wanted(self, opening: Opening) -> bool:
        """Whether pixels have classes here.

        Raises:
            ValueError: Options of masks were typed without masks, or another task was.
        """
        if self.masks is not None and opening.score is not None:
            raise ValueError(
                f"Expected --masks without --score. Received --score {opening.score}. Leave it out: each class is explained "
                f"over its region; featurelens explain and trust take --score."
            )
        for name, value in (("--mask-values", self.mask_values), ("--ignore", self.ignore)):
            if value is not None and self.masks is None:
                raise ValueError(f"Expected --masks with {name}. Received none. Name the masks, or leave {name} out.")
        task = opening.task
        if self.masks is not None and task not in (None, "segmentation"):
            raise ValueError(
                f"Expected --masks for a model that names a class for every pixel. Received --task {task}. Leave one of them out."
            )
        if self.masks is None and task == "segmentation":
            raise ValueError(
                "Expected the class of each pixel for --task segmentation. Received no masks. Pass --masks FOLDER, of PNG masks "
                "called as the images are, or a .npy of [B,H,W]."
            )
        return self.masks is not None


@dataclass(frozen=True, eq=False)
class _Opened:
    """A model of pixels, its images and their masks."""

    model: Any
    card: ModelCard | None
    dataset: Dataset
    masks: ClassMasks
    head: PixelHead
    names: tuple[str, ...] | None  # of the classes


def report_masks(
    data: str | None,
    model: str,
    target: Path,
    opening: Opening,
    choice: WholeChoice,
    masks: MaskChoice,
    *,
    command: str,
) -> None:
    """Write the report of a model that names a class for every pixel."""
    from featurelens.reports.drawing.wording import count
    from featurelens.reports.evidence.trust import SHOWN

    page = choice.page
    words, conditions = page.read(usual=f"How {Path(model).stem} segments"), checked_gates(choice.gates, "segmentation")
    files = files_of(target, choice)
    images_from = _checked(data, model, opening, masks)
    beside = [opening.class_names, page.logo, page.note]
    check_page_outputs([target, *choice.gates.written], models=[model], data=[data, masks.masks], files=beside)
    opened = _opened(images_from, model, opening, masks, most=page.max_images, seed=choice.seed)
    require_known(conditions, _names(opened), SHOWN)
    from featurelens.reports.segmentation.evidence import PixelSeen, Reading
    from featurelens.reports.segmentation.page import explained_masks, write_masks_report
    from featurelens.reports.segmentation.trust import TrustAsked

    found = opened.masks
    seen = PixelSeen(
        opened.model,
        opened.dataset,
        found,
        opened.head.head,
        -1,
        choice.batch_size or 256,
        lambda made: _settled(made, found),
    )
    trust = TrustAsked(choice.most_tested, choice.trust_budget, choice.seed)

    def read() -> Reading:
        notes = (opened.head.words, *found.notes, *sorted(found.told))
        return Reading(opened.head.head, found.ignored, found.source, notes)

    made, figures = looked_and_written(
        choice,
        choice.plan(),
        opened.dataset.images.shape,
        lambda step: explained_masks(
            seen, _names(opened), read=read, trust=trust, card=opened.card, command=command, step=step
        ),
        lambda looked, step: write_masks_report(looked, files, words=words, step=step),
    )
    _tell(made.found.evaluation, found, quiet=page.quiet)
    tell_written(choice, target, count(len(seen.dataset), "picture"))
    stop_if(conditions, figures, choice.gates)


def measure_masks(data: str | None, model: str, opening: Opening, masks: MaskChoice, output: Path | None) -> None:
    """Print IoU, accuracy and precision of each class; with a folder write them as JSON and a drawing."""
    from featurelens.models.evaluation.segmentation import evaluate_segmentation

    opened = _opened(_checked(data, model, opening, masks), model, opening, masks)
    found = evaluate_segmentation(
        opened.model, opened.dataset, opened.masks, _names(opened), head=opened.head.head, ignore=-1
    )
    _settled(found, opened.masks)
    _tell(found, opened.masks)
    _print(found)
    if output is not None:
        _write(found, output)


def _checked(data: str | None, model: str, opening: Opening, masks: MaskChoice) -> str | list[Path]:
    """Where the images are, or their files where these have no labels; wrong words are refused before TensorFlow is loaded."""
    from featurelens.models.formats.places.class_masks import MaskReading

    MaskReading.of(masks.mask_values, masks.ignore)
    words = replace(opening, task="segmentation")  # labels of the data are not looked at
    if not Path(masks.masks or "").exists():
        raise ValueError(
            f"Expected the masks at '{masks.masks}'. There is nothing. Name a folder of PNG masks, or a .npy or .npz file."
        )
    files = unlabelled_files(data, opening)
    if files is None:
        return checked_data(model, data, words)
    check_words([model], None, words)
    return files


def _opened(
    images_from: str | list[Path],
    model: str,
    opening: Opening,
    masks: MaskChoice,
    *,
    most: int | None = None,
    seed: int = 0,
) -> _Opened:
    """The model, its images and their masks, and how these are read, told."""
    from featurelens.models.datasets.class_names import read_class_names
    from featurelens.models.evaluation.segmentation import pixel_head
    from featurelens.models.formats.places.class_masks import MaskReading, open_class_masks
    from featurelens.reports.report_choice import sampled, sampled_rows

    names = None if opening.class_names is None else tuple(read_class_names(opening.class_names))
    loaded, card = load_with_card(model, opening)
    if isinstance(images_from, str):
        dataset = open_images(images_from, loaded, card, opening)
    else:
        dataset = opened_for([str(file) for file in images_from], loaded, card, opening)
    head = pixel_head(loaded, dataset.images[:4], declared=opening.task == "segmentation")
    fit = dataset.preparation.fit if opening.resize else "stretch"
    reading = MaskReading.of(masks.mask_values, masks.ignore, resize=opening.resize, fit=fit)
    reading = replace(reading, pictures=dataset.stored_sizes)
    found = open_class_masks(str(masks.masks), dataset.names, len(dataset), head.size, head.classes, reading)
    rows = sampled_rows(len(dataset), most, seed)
    if rows is not None:
        dataset, found = sampled(dataset, most, seed), found.taking(rows)
    for note in (head.words, *found.notes):
        say(f"Note: {note}", err=True)
    return _Opened(loaded, card, dataset, found, head, names or _of_card(card, head.classes))


def _of_card(card: ModelCard | None, classes: int) -> tuple[str, ...] | None:
    return tuple(card.class_names) if card is not None and len(card.class_names) == classes else None


def _names(opened: _Opened) -> tuple[str, ...]:
    return opened.names or tuple(f"class {k}" for k in range(opened.head.classes))


def _settled(found: SegmentationEvaluation, masks: ClassMasks) -> None:
    """Pass masks whose value for no class was said, or is plainly that.

    Raises:
        ValueError: Without the pixels of 255, which nobody said to leave out, one class is left: 255 may be the other.
    """
    if masks.reading.ignore is None and found.ignored and (found.confusion.sum(axis=1) > 0).sum() <= 1:
        raise ValueError(
            f"Expected masks of several classes. Received {found.ignored:,} pixels of {masks.ignored}, which often stands for no "
            f"class, and one class beside them. If it is a class, name the value of each: --mask-values 0,255; if none, pass "
            f"--ignore {masks.ignored}."
        )


def _tell(found: SegmentationEvaluation, masks: ClassMasks, *, quiet: bool = False) -> None:
    """Say what was assumed while the masks were read."""
    left_out = f"{found.ignored:,} pixels of the value {masks.reading.ignore or masks.ignored} are left out."
    for note in (*sorted(masks.told), *([left_out] if found.ignored else [])):
        if not quiet:
            say(f"Note: {note}", err=True)


def _print(found: SegmentationEvaluation) -> None:
    from rich.markup import escape
    from rich.table import Table

    title = f"mean IoU {found.mean_iou:.4f}, {found.accuracy:.2%} of {int(found.confusion.sum()):,} pixels right"
    table = Table("class", title=title)
    for name in ("IoU", "recall", "precision", "pixels"):
        table.add_column(name, justify="right")
    columns = zip(found.iou, found.class_accuracy, found.precision, found.confusion.sum(axis=1), strict=True)
    for name, (iou, recall, precision, pixels) in zip(found.class_names, columns, strict=True):
        table.add_row(escape(name), f"{iou:.4f}", f"{recall:.4f}", f"{precision:.4f}", f"{pixels:,}")
    print_table(table)


def _write(found: SegmentationEvaluation, folder: Path) -> None:
    from featurelens.reports.files.whole_files import write_bytes_whole, write_whole
    from featurelens.reports.segmentation.plots import iou_of_classes

    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "evaluation.json", found.to_json(indent=1) + "\n")
    drawn = iou_of_classes(found)
    write_bytes_whole(folder / "iou.png", drawn.png())
    write_bytes_whole(folder / "iou.svg", drawn.svg().encode())
    say(f"Wrote 3 files into {folder}.")
