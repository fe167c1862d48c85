"""Print a model's layers with the proof of its logits, draw them, or one layer's maps: `featurelens inspect`.

The file is not called inspect.py: run as a script, its folder comes first on Python's path, and would hide the standard
library's module of that name.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from featurelens.scripts.options.early_checks import checked_data_for, checked_data_if_any
from featurelens.scripts.options.opening import DEFAULT_MODEL, Data, Model, Opening, load_with_card, open_images
from featurelens.scripts.options.outputs import check_outputs
from featurelens.scripts.options.records import Without, takes_records
from featurelens.scripts.options.single_image import single_image
from featurelens.scripts.terminal.saying import say
from featurelens.scripts.terminal.tables import print_table

if TYPE_CHECKING:
    import numpy as np

    from featurelens.interpret import ActivationExtractor, ModelInformation
    from featurelens.models import ModelCard
    from featurelens.scripts.options.single_image import SingleImage


@takes_records
def inspect_layers(
    model: Model = DEFAULT_MODEL,
    layer: Annotated[str | None, typer.Option(help="Draw this layer's maps of --image.")] = None,
    image: Annotated[str, typer.Option(help="Number of an image in the data, or a PNG or JPEG file.")] = "0",
    data: Data = None,
    output: Annotated[Path | None, typer.Option(help="Picture to write; by default ./MODEL-LAYER.png.")] = None,
    diagram: Annotated[Path | None, typer.Option(help="Draw the architecture, .png or .svg.")] = None,
    save: Annotated[Path | None, typer.Option(help="Also write the activations as .npz.")] = None,
    opening: Annotated[Opening, Without("class_names")] = Opening(),
) -> None:
    """Print the layers and the proof of the logits; with --layer draw its maps, with --diagram the architecture."""
    from featurelens.interpret import ActivationExtractor, inspect_model
    from featurelens.reports.files.whole_files import check_writable

    written = [path for path in (output, save, diagram) if path is not None]
    for path in written:
        check_writable(path)
    if diagram is not None and diagram.suffix.lower() not in (".png", ".svg"):
        raise ValueError(f"Expected a diagram's name ending in .png or .svg. Received '{diagram}'. Change the ending.")
    if layer is not None:
        images_from = checked_data_for(image, model, data, opening)
    else:
        images_from = checked_data_if_any(model, data, opening)
    read = {"models": [model], "data": [images_from], "files": [image]}
    check_outputs(written, **read)
    loaded, card = load_with_card(model, opening)
    target = output or _default_output(loaded, layer)
    check_outputs([target], **read)
    chosen = None if layer is None else single_image(image, loaded, card, images_from, opening, read=open_images)
    extractor = None if layer is None else ActivationExtractor(loaded, [layer], wrt=opening.wrt)
    information = inspect_model(loaded, _images_of_proof(loaded, card, images_from, chosen, opening), wrt=opening.wrt)
    _print(information)
    if diagram is not None:
        _draw_architecture(information, diagram)
    if layer is not None and chosen is not None and extractor is not None:
        _draw(extractor, layer, chosen, target, save)


def _default_output(model: Any, layer: str | None) -> Path:
    """In the working directory; letters of the layer's name that no file's name can have everywhere become hyphens."""
    return Path(re.sub(r'[\\/:*?"<>|\x00-\x1f]', "-", f"{getattr(model, 'name', 'model')}-{layer}.png"))


def _images_of_proof(
    model: Any, card: ModelCard | None, data: str | None, chosen: SingleImage | None, opening: Opening
) -> np.ndarray | None:
    """Real images where there are some that fit: the chosen one, the data asked for, or the shipped data for its model."""
    if chosen is not None:
        return chosen.pixels[None]
    if data is None:
        return None
    return open_images(data, model, card, opening).images[:32]


def _draw(extractor: ActivationExtractor, layer: str, image: SingleImage, output: Path, save: Path | None) -> None:
    from featurelens.reports.drawing.layer_sheet import layer_sheet
    from featurelens.reports.files.whole_files import check_writable, write_arrays, write_picture

    check_writable(output)
    (activations,) = extractor(image.pixels[None]).values()
    write_picture(output, layer_sheet(activations[0], f"{layer} of {image.name}"))
    say(f"Wrote {output}: {activations.shape[-1]} maps of {layer}.")
    if save is not None:
        write_arrays(save, {layer: activations, "image": image.pixels[None]})
        say(f"Wrote {save}: {layer} {activations.shape}.")


def _draw_architecture(information: ModelInformation, path: Path) -> None:
    from featurelens.reports.files.whole_files import write_bytes_whole
    from featurelens.reports.plots.architecture import architecture_diagram

    plot = architecture_diagram(information)
    write_bytes_whole(path, plot.svg().encode() if path.suffix.lower() == ".svg" else plot.png())
    say(f"Wrote {path}: {len(information.layers)} layers, in order of execution.")


def _print(information: ModelInformation) -> None:
    from rich.box import SIMPLE_HEAD
    from rich.markup import escape
    from rich.table import Table

    from featurelens.reports.drawing.wording import shape
    from featurelens.reports.sections.model import first_centre, receptive_field

    title = escape(f"{information.name}: input {shape(information.input_shape)}")
    table = Table("layer", "kind", "output shape", title=title, box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("parameters", justify="right")
    table.add_column("sees (pixels)")
    table.add_column("centre", no_wrap=True)
    table.add_column("map")
    for layer in information.layers:
        size = shape(layer.output_shape)
        seen = receptive_field(layer)
        row = (
            layer.name,
            layer.kind,
            size,
            f"{layer.parameters:,}",
            seen,
            first_centre(layer),
            "yes" if layer.mapped else "",
        )
        table.add_row(*(escape(cell) for cell in row))
    print_table(table)
    for line in _verdict(information):
        say(line)


def _images(number: int) -> str:
    return "one image" if number == 1 else f"{number} images, one of them alone too"


def _verdict(information: ModelInformation) -> list[str]:
    """What was found of the whole model: task, head, axes, default layer, the proof, and what is refused."""
    from featurelens.interpret.layers.inspection import NO_HEAD
    from featurelens.reports.drawing.wording import number
    from featurelens.scripts.terminal.option_words import in_options

    heads = ("softmax", "log_softmax", "sigmoid")
    proven = f"{information.head}(logits)" if information.head in heads else "what was traced"
    scores = "" if information.head == NO_HEAD else f"; maps are in units of the {information.unit}"
    task = f"{information.task} ({information.classes})" if information.classes else information.task
    outputs = [layer.name for layer in information.layers if ":out" in layer.name]
    lines = [
        f"{information.parameters:,} parameters; task: {task}; head: {information.head}{scores}",
        f"input: {information.axes}; class activation maps look at: {information.cam_layer or 'no layer has places'}",
        f"proof: {proven} differs from the model's answer by {number(information.logit_error)} at most, "
        f"on {_images(information.images)}",
    ]
    if information.head == "linear" and information.task == "classes":
        lines.append(
            f"without an activation nothing in the model tells classes from quantities: its {information.classes} answers are "
            f"taken as logits of classes; if they are quantities, pass --task regression"
        )
    if outputs:
        lines.append(f"several outputs of one layer, each by its name: {', '.join(outputs)}")
    if information.refused:
        lines.append(f"refused: {'; '.join(information.refused)}")
    if information.warning:
        lines.append(f"warning: {in_options(information.warning)}")
    return lines


if __name__ == "__main__":
    from featurelens.scripts.terminal.running import run_alone

    run_alone("inspect", inspect_layers)
