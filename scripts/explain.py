"""Explain one image: picture, maps of attribution methods, and the likeliest classes: `featurelens explain`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from featurelens.scripts.options.early_checks import checked_data_for
from featurelens.scripts.options.methods import chosen_methods, usual_methods
from featurelens.scripts.options.opening import (
    DEFAULT_MODEL,
    AllowCode,
    ClassNames,
    CustomObjects,
    Data,
    Model,
    Opening,
    Resize,
    Scale,
    load_with_card,
)
from featurelens.scripts.options.reading import with_reading
from featurelens.scripts.options.single_image import SingleImage, names_without_images, single_image

if TYPE_CHECKING:
    from featurelens.models.formats.reading import Reading
    from featurelens.reports.explanation import MethodChoice
    from featurelens.reports.plots.explanation import ExplainedImage


@dataclass(frozen=True)
class Question:
    """What is asked of the image, as typed."""

    class_name: str | None  # None for the predicted class
    versus: str | None
    layer: str | None  # None for the last convolution


@with_reading()
def explain(
    model: Model = DEFAULT_MODEL,
    image: Annotated[str, typer.Option(help="Number of an image in the data, or a PNG or JPEG file.")] = "0",
    class_name: Annotated[
        str | None, typer.Option("--class", help="Class to explain; by default the predicted one.")
    ] = None,
    versus: Annotated[str | None, typer.Option(help="Why the class rather than this one.")] = None,
    method: Annotated[
        list[str] | None,
        typer.Option(help="A method, such as rise, or all; may be given several times. Default: grad-cam, saliency."),
    ] = None,
    layer: Annotated[str | None, typer.Option(help="Layer of the CAMs; by default the last convolution.")] = None,
    data: Data = None,
    output: Annotated[Path, typer.Option(help="Picture to write, .png or .svg.")] = Path("explanation.png"),
    scale: Scale = None,
    resize: Resize = False,
    class_names: ClassNames = None,
    allow_code: AllowCode = False,
    custom_objects: CustomObjects = None,
    reading: Reading | None = None,
) -> None:
    """Explain one image: picture, maps of attribution methods and the likeliest classes side by side."""
    from featurelens.reports.files.whole_files import check_writable, write_bytes_whole

    check_writable(output)
    if output.suffix.lower() not in (".png", ".svg"):
        raise ValueError(f"Expected a name ending in .png or .svg. Received '{output}'. Change the ending.")
    choice = chosen_methods(method, layer) if method else usual_methods(versus)
    opening = Opening(scale, resize, class_names, allow_code, custom_objects, reading)
    images_from = checked_data_for(image, model, data, opening)
    loaded, card = load_with_card(model, opening)
    chosen = single_image(image, loaded, card, images_from, opening)
    if chosen.class_names is None:
        chosen = replace(chosen, class_names=names_without_images(card, data, class_names))
    shown = _explained(loaded, chosen, Question(class_name, versus, layer), choice)
    from featurelens.reports.plots.explanation import explanation_figure

    plot = explanation_figure(shown)
    write_bytes_whole(output, plot.svg().encode() if output.suffix.lower() == ".svg" else plot.png())
    said = f"{chosen.name}: {shown.class_names[shown.explained]} has {shown.probabilities[shown.explained]:.1%}."
    typer.echo(" ".join(part for part in (said, shown.faded, f"Wrote {output}.") if part))


def _explained(model: Any, chosen: SingleImage, question: Question, choice: MethodChoice) -> ExplainedImage:
    from featurelens.interpret.stream.predictions import decisions
    from featurelens.reports.explanation import Subject, drawn_methods, saturation_words
    from featurelens.reports.plots.explanation import ExplainedImage
    from featurelens.scripts.terminal.progress import steps_shown

    decided = decisions(model, chosen.pixels[None])
    names = _class_names(chosen, decided.probabilities.shape[1])
    asked = None if question.class_name is None else _class_number(question.class_name, names)
    subject = Subject(
        model=model,
        image=chosen.pixels,
        explained=int(decided.classes[0]) if asked is None else asked,
        versus=None if question.versus is None else _class_number(question.versus, names),
        layer=question.layer or decided.cam_layer,
    )
    with steps_shown() as step:
        panels, left_out = drawn_methods(choice, subject, step)
    for line in left_out:
        typer.echo(line, err=True)
    return ExplainedImage(
        image=chosen.shown,
        value_range=chosen.value_range,
        probabilities=decided.probabilities[0],
        class_names=names,
        explained=subject.explained,
        versus=subject.versus,
        true=chosen.true,
        panels=panels,
        faded=saturation_words(subject, decided.head),
        headed=choice.asked,
    )


def _class_names(chosen: SingleImage, classes: int) -> tuple[str, ...]:
    names = chosen.class_names or tuple(f"class {k}" for k in range(classes))
    if len(names) != classes:
        raise ValueError(
            f"Expected a name for each of the model's {classes} classes. Received {len(names)}: {', '.join(names[:12])}. "
            f"List all of them in a text file, in the order of the model's outputs, and pass --class-names FILE."
        )
    return names


def _class_number(name: str, known: tuple[str, ...]) -> int:
    """The class called `name`, in any case, or with this number."""
    lowered = [word.lower() for word in known]
    if name.lower() in lowered:
        return lowered.index(name.lower())
    if name.isdigit() and int(name) < len(known):
        return int(name)
    from featurelens.models.known_names import unknown_name

    raise unknown_name("class", name, known, "Pass one of them, or its number.")


if __name__ == "__main__":
    from featurelens.scripts.terminal.running import run_alone

    run_alone("explain", explain)
