"""Explain one image: picture, Grad-CAM, saliency and the likeliest classes side by side: `featurelens explain`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from featurelens.scripts.loading import (
    DEFAULT_DATA,
    DEFAULT_MODEL,
    AllowCode,
    ClassNames,
    CustomObjects,
    Data,
    Model,
    Resize,
    Scale,
    load_with_card,
)
from featurelens.scripts.single_image import SingleImage, single_image

if TYPE_CHECKING:
    from featurelens.reports.explanation_figure import ExplainedImage


def explain(
    model: Model = DEFAULT_MODEL,
    image: Annotated[str, typer.Option(help="Number of an image in the data, or a PNG or JPEG file.")] = "0",
    class_name: Annotated[
        str | None, typer.Option("--class", help="Class to explain; by default the predicted one.")
    ] = None,
    versus: Annotated[str | None, typer.Option(help="Why the class rather than this one.")] = None,
    layer: Annotated[str | None, typer.Option(help="Layer of Grad-CAM; by default the last convolution.")] = None,
    data: Data = DEFAULT_DATA,
    output: Annotated[Path, typer.Option(help="Picture to write, .png or .svg.")] = Path("explanation.png"),
    scale: Scale = None,
    resize: Resize = False,
    class_names: ClassNames = None,
    allow_code: AllowCode = False,
    custom_objects: CustomObjects = None,
) -> None:
    """Explain one image: picture, Grad-CAM, saliency and the likeliest classes side by side."""
    from featurelens.reports.report_file import check_writable, write_bytes_whole

    check_writable(output)
    if output.suffix.lower() not in (".png", ".svg"):
        raise ValueError(f"Expected a name ending in .png or .svg. Received '{output}'. Change the ending.")
    loaded, card = load_with_card(model, allow_code=allow_code, custom_objects=custom_objects)
    chosen = single_image(image, loaded, card, data=data, scale=scale, resize=resize, class_names=class_names)
    shown = _explained(loaded, chosen, class_name, versus, layer)
    from featurelens.reports.explanation_figure import explanation_figure

    plot = explanation_figure(shown)
    write_bytes_whole(output, plot.svg().encode() if output.suffix.lower() == ".svg" else plot.png())
    probability = shown.probabilities[shown.explained]
    typer.echo(f"{chosen.name}: {shown.class_names[shown.explained]} has {probability:.1%}. Wrote {output}.")


def _explained(
    model: Any, chosen: SingleImage, class_name: str | None, versus: str | None, layer: str | None
) -> ExplainedImage:
    from featurelens.interpret import Explainer, HiResCAM, inspect_model
    from featurelens.reports.explanation_figure import ExplainedImage

    images = chosen.pixels[None]
    explainer = Explainer(model, [], layer)
    names = chosen.class_names or tuple(f"class {k}" for k in range(inspect_model(model, images).classes))
    asked = None if class_name is None else _class_number(class_name, names)
    other = None if versus is None else _class_number(versus, names)
    found = explainer(images, asked, other)
    explained = int(found.classes[0])
    contrast = None if other is None else HiResCAM(model, explainer.cam_layer)(images, explained, other)[0]
    return ExplainedImage(
        image=chosen.pixels,
        value_range=chosen.value_range,
        probabilities=found.probabilities[0],
        class_names=names,
        explained=explained,
        versus=other,
        true=chosen.true,
        grad_cam=found.grad_cam[0],
        saliency=found.saliency[0],
        contrast=contrast,
        cam_layer=explainer.cam_layer or "",
    )


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
    from featurelens.scripts.cli import main

    main(["explain", *sys.argv[1:]])
