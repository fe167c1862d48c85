"""Explain one image: picture, maps of attribution methods, and the likeliest classes: `featurelens explain`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from featurelens.scripts.options.early_checks import checked_data_for
from featurelens.scripts.options.methods import MethodNames, chosen_methods, usual_methods
from featurelens.scripts.options.opening import DEFAULT_MODEL, Data, Model, Opening, load_with_card
from featurelens.scripts.options.outputs import check_outputs
from featurelens.scripts.options.records import takes_records
from featurelens.scripts.options.single_image import (
    SingleImage,
    images_asked_for,
    outputs_of,
    reader,
    single_image,
    single_signal,
)
from featurelens.scripts.terminal.saying import say

if TYPE_CHECKING:
    from featurelens.reports.explanation import MethodChoice
    from featurelens.reports.plots.explanation import ExplainedImage


@dataclass(frozen=True)
class Question(MethodNames):
    """What is asked of the image, as typed."""

    class_name: Annotated[
        str | None, typer.Option("--class", help="Class to explain; by default the predicted one.")
    ] = None
    versus: Annotated[str | None, typer.Option(help="Why the class rather than this one.")] = None

    @property
    def choice(self) -> MethodChoice:
        """The methods asked for, or the usual ones."""
        return chosen_methods(self.method, self.layer) if self.method else usual_methods(self.versus, self.layer)


@takes_records
def explain(
    model: Model = DEFAULT_MODEL,
    image: Annotated[
        list[str] | None,
        typer.Option(
            help="Number of an image in the data, a picture file, or a folder of pictures; for a model of series or volumes a "
            ".wav, .nii or .npy file. May be given several times. Default: 0."
        ),
    ] = None,
    question: Question = Question(),
    data: Data = None,
    output: Annotated[
        Path, typer.Option(help="Picture to write, .png or .svg; of several, each gets its image's name too.")
    ] = Path("explanation.png"),
    opening: Opening = Opening(),
) -> None:
    """Explain one image or several: picture, maps of attribution methods and the likeliest classes side by side."""
    from featurelens.reports.files.whole_files import check_writable

    asked = images_asked_for(image or ["0"])
    targets = [output] if len(asked) == 1 else outputs_of(asked, output)
    for target in targets:
        check_writable(target)
    if output.suffix.lower() not in (".png", ".svg"):
        raise ValueError(f"Expected a name ending in .png or .svg. Received '{output}'. Change the ending.")
    choice = question.choice
    images_from = [checked_data_for(each, model, data, opening) for each in asked]
    pictures = [each for each in asked if not each.isdigit()]
    check_outputs(targets, models=[model], data=images_from, files=[*pictures, opening.class_names])
    loaded, card = load_with_card(model, opening)
    read, axes = reader(opening), _axes_of_signals(loaded)
    for each, source, target in zip(asked, images_from, targets, strict=True):
        if axes is None:
            chosen = single_image(each, loaded, card, source, opening, read=read)
        else:
            chosen = single_signal(each, loaded, axes, card, source, opening)
        _write(chosen, _explained(loaded, chosen, question, choice), target)


def _axes_of_signals(model: Any) -> Any:
    """Those of a model of series or volumes; None for one of pictures."""
    from featurelens.interpret.layers.signal_input import signal_axes

    return signal_axes(model)


def _write(chosen: SingleImage, shown: ExplainedImage, output: Path) -> None:
    from featurelens.reports.files.whole_files import write_bytes_whole
    from featurelens.reports.plots.signals import story_figure

    plot = story_figure(shown)
    write_bytes_whole(output, plot.svg().encode() if output.suffix.lower() == ".svg" else plot.png())
    say(" ".join(part for part in (_said(chosen, shown), shown.faded, f"Wrote {output}.") if part))


def _said(chosen: SingleImage, shown: ExplainedImage) -> str:
    """What the model answers, in a sentence."""
    if shown.answers:
        return f"{chosen.name}: {shown.answers[shown.explained]}."
    return f"{chosen.name}: {shown.class_names[shown.explained]} has {shown.probabilities[shown.explained]:.1%}."


def _explained(model: Any, chosen: SingleImage, question: Question, choice: MethodChoice) -> ExplainedImage:
    """The explanation, with a bar for each method; what is to be known of it goes to stderr."""
    from featurelens.reports.explanation import Picture, explained_image
    from featurelens.scripts.terminal.progress import steps_shown

    picture = Picture(chosen.pixels, chosen.value_range, chosen.class_names, chosen.true, chosen.shown, chosen.signal)
    with steps_shown() as step:
        shown, remarks = explained_image(
            model, picture, choice, question.class_name, question.versus, question.layer, step=step
        )
    for line in remarks:
        say(line, err=True)
    return shown


if __name__ == "__main__":
    from featurelens.scripts.terminal.running import run_alone

    run_alone("explain", explain)
