"""`featurelens report` of pictures without labels: which data are such, and which options need labels."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from featurelens.scripts.options.early_checks import check_words
from featurelens.scripts.options.opening import Opening, load_with_card, opened_for
from featurelens.scripts.options.outputs import check_page_outputs
from featurelens.scripts.reporting.whole_page import WholeChoice, files_of, looked_and_written, tell_written


def unlabelled_files(data: str | None, opening: Opening) -> list[Path] | None:
    """The files of pictures without labels; None where the data are something else, or options say where the labels are."""
    from featurelens.models.fitting import pictures_without_labels

    if data is None or opening.label_from or opening.split:
        return None
    return pictures_without_labels(data)


def refuse_labelled_options(given: Mapping[str, Any]) -> None:
    """Refuse options that need labels.

    Args:
        given: {option: as typed}.

    Raises:
        ValueError: One was typed.
    """
    for name, value in given.items():
        if value:
            raise ValueError(
                f"Expected images with their classes for {name}. Received pictures without labels. Leave {name} out; or put "
                f"the pictures into one folder per class, or say by --label-from how their names tell it."
            )


def report_pictures(
    files: list[Path], model: str, target: Path, opening: Opening, choice: WholeChoice, *, command: str
) -> None:
    """Write the report of pictures without labels."""
    from featurelens.models.datasets.class_names import read_class_names
    from featurelens.reports.drawing.wording import count
    from featurelens.reports.report_choice import sampled

    page = choice.page
    words = page.read(usual=f"What {Path(model).stem} answers")
    written = files_of(target, choice)
    check_words([model], None, opening)
    check_page_outputs(
        [target, *choice.gates.written], models=[model], files=[opening.class_names, page.logo, page.note, *files]
    )
    names = None if opening.class_names is None else read_class_names(opening.class_names)
    loaded, card = load_with_card(model, opening)
    pictures = opened_for([str(path) for path in files], loaded, card, opening)
    pictures = sampled(pictures, page.max_images, choice.seed)
    from featurelens.reports.unlabelled.page import explained_pictures, write_pictures_report

    plan = choice.plan()
    looked_and_written(
        choice,
        plan,
        pictures.images.shape,
        lambda step: explained_pictures(
            loaded, pictures, plan, class_names=names, card=card, command=command, step=step
        ),
        lambda found, step: write_pictures_report(found, written, words=words, step=step),
    )
    what = "without labels: it tells what the model answers, not whether that is right"
    tell_written(choice, target, f"{count(len(pictures), 'picture')} {what}")
