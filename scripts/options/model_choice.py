"""Which part of a model is looked at, and what its answer is for: `--model-output`, `--wrt`, `--task` and `--score`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from featurelens.scripts.options.held_inputs import with_held_inputs

if TYPE_CHECKING:
    from featurelens.models.model_files.cards import ModelCard

Task = Annotated[
    str | None,
    typer.Option(
        help="What the answers are: binary (one is the logit of two classes), regression (numbers), labels (any of several), "
        "segmentation (a class at every pixel). Default: what the head, the data or the card say."
    ),
]
Direction = Annotated[
    str | None,
    typer.Option(help="Of a regression: explain what raises the number, up, or what lowers it, down. Default: up."),
]
ModelOutput = Annotated[str | None, typer.Option(help="Which output to look at, where the model has several.")]
Wrt = Annotated[str | None, typer.Option(help="Which input is the picture, where the model has several.")]
Score = Annotated[
    str | None,
    typer.Option(
        help="Explain a channel of a layer rather than a class: conv2:31, conv2:31@4,5 at one place, dense1:7; or region:2, "
        "class 2 of a model of pixels where it names it."
    ),
]
Held = Annotated[
    list[str] | None,
    typer.Option(
        help="NAME=VALUE of another input, the same for all images: a number, numbers with commas, or a .npy file. May be given "
        "several times.",
        metavar="NAME=VALUE",
    ),
]


@dataclass(frozen=True)
class ModelPart:
    """Which part of the model is looked at, and what its answer is for; a record of options (see `records`)."""

    task: Task = None
    model_output: ModelOutput = None
    wrt: Wrt = None
    held: Held = None
    score: Score = None
    direction: Direction = None

    @property
    def is_of_classes(self) -> bool:
        """Whether classes are explained, which the data have to have."""
        return self.task not in ("regression", "labels", "segmentation") and self.score is None


def as_chosen(model: Any, card: ModelCard | None, part: ModelPart) -> Any:
    """The model with the output named alone, and its task declared: as asked for, or by a card of two classes.

    Raises:
        ValueError: There is no such output, input or task, or a model without a graph has several.
    """
    from featurelens.interpret.graph.tasks import TASKS, declare_task
    from featurelens.interpret.own_scores import scored

    task = part.task
    chosen = model if part.model_output is None else _with_one_output(model, part.model_output)
    if part.wrt is not None or part.held:
        chosen = with_held_inputs(chosen, part.wrt, part.held or ())
    if task == "segmentation":
        _require_pixels(chosen)
    elif task is not None and task not in TASKS:
        said = f"binary, regression, labels or segmentation. Received '{task}'. Give one of these"
        raise ValueError(f"Expected --task {said}.")
    elif task is not None:
        declare_task(chosen, task)
    elif card is not None and len(card.class_names) == 2 and is_bare(chosen):
        declare_task(chosen, "binary")
    if part.direction is not None:
        chosen = _in_direction(chosen, part)
    return chosen if part.score is None else scored(chosen, part.score)


def _require_pixels(model: Any) -> None:
    shape = getattr(model, "output_shape", None)
    if isinstance(shape, tuple) and len(shape) != 4:
        raise ValueError(
            f"Expected a model that answers (B, H, W, K) for --task segmentation. Received one that answers "
            f"({', '.join('B' if size is None else str(size) for size in shape)}). Leave --task out, or name another task."
        )


def _in_direction(model: Any, part: ModelPart) -> Any:
    """The regression, with its sign turned where what lowers the number is asked for."""
    from featurelens.interpret.own_scores import number_of

    if part.task != "regression" or part.score is not None:
        raise ValueError(
            f"Expected --direction with --task regression, and without --score. Received --direction {part.direction} for "
            f"{'the score ' + part.score if part.score else 'classes'}. Leave it out."
        )
    turned = number_of(model, direction=part.direction or "up")
    if part.direction == "up":
        return model
    width = getattr(model, "output_shape", None)
    if isinstance(width, tuple) and width[-1] != 1:
        raise ValueError(
            f"Expected a regression of one number for --direction down. Received one of {width[-1]}. Name one of several outputs "
            f"by --model-output; featurelens report takes --number."
        )
    return turned


def refuse_score(model: Any) -> None:
    """Pass a model whose classes are explained.

    Raises:
        ValueError: It answers another number, by `--score`.
    """
    from featurelens.interpret.own_scores import scored_as

    told = scored_as(model)
    if told is not None:
        raise ValueError(
            f"Expected a classifier, whose answers can be held against classes. Received the score {told.name!r}, which has "
            f"none. Leave --score out here; featurelens explain, trust and inspect take it."
        )


def settle_task(model: Any, class_names: tuple[str, ...]) -> None:
    """Take one bare unit for a logit where the data have two classes.

    Raises:
        ValueError: The model answers no score per class; or it is a regression, or may be one: there are no classes to hold
            it against.
    """
    from featurelens.interpret.graph.tasks import declare_task, declared_task

    refuse_score(model)
    _require_scores(model)
    bare = is_bare(model)
    if declared_task(model) is None and bare and len(class_names) == 2:
        declare_task(model, "binary")
        bare = False
    if declared_task(model) == "regression" or bare:
        raise ValueError(
            f"Expected a classifier, whose answers can be held against {len(class_names) or 'the'} classes of the data. Received "
            f"a model that answers numbers without an activation. If it tells two classes apart, pass --task binary and "
            f"data of two classes; a regression can be looked at by featurelens explain --task regression, and is measured and "
            f"reported on by featurelens evaluate and report --task regression, with data that bear numbers."
        )


def require_one_picture(model: Any) -> None:
    """Pass a model that one picture is enough for.

    Raises:
        ValueError: It takes several inputs, of which a set of images fills one; or something else than a picture.
    """
    from featurelens.interpret.tracing.inputs import declared_inputs

    form = declared_inputs(model)
    if form is None:
        return
    if len(form.names) > 1:
        raise ValueError(
            f"Expected a model of one input, which the images fill. This one takes {', '.join(form.names)}. Name the picture by "
            f"--wrt {form.names[0]} and hold each other input at a value by --held {form.names[-1]}=VALUE; in Python each input "
            f"can be given for each image."
        )
    if len(form.shapes[0]) != 3 or form.dtypes[0] == "string":
        taken = (
            "words"
            if form.dtypes[0] == "string"
            else f"({', '.join('any' if s is None else str(s) for s in form.shapes[0])})"
        )
        raise ValueError(
            f"Expected a model that takes pictures, (H, W, C), as the data are read. This one takes {taken}. Models of series "
            f"and volumes are taken by featurelens report, trust, explain and evaluate, where they answer one class; see its "
            f"layers by featurelens inspect, and make its maps in Python, where Saliency and GradCAM take arrays of any form."
        )


def _require_scores(model: Any) -> None:
    """Pass a model that answers one score per class, as far as can be seen without an image."""
    from featurelens.interpret.tracing.batched_graph import Program
    from featurelens.interpret.tracing.traced_model import TracedModel

    shape = getattr(model, "output_shape", None)
    if not (isinstance(shape, tuple) and len(shape) == 2):
        Program(TracedModel(model), lambda taps, _: {"image": taps.image})


def is_bare(model: Any) -> bool:
    """Whether the model answers one number that may be a logit or a regression, and nothing was declared of it."""
    from featurelens.interpret.graph.head import OPEN
    from featurelens.interpret.tracing.batched_graph import LayerProgram
    from featurelens.interpret.tracing.traced_model import TracedModel

    shape = getattr(model, "output_shape", None)
    if isinstance(shape, tuple) and len(shape) == 2 and (shape[-1] or 2) > 1:
        return False  # several units, without a trace
    head = LayerProgram(TracedModel(model), lambda taps, _: {"image": taps.image}).head
    return head is not None and head.task == OPEN


def _with_one_output(model: Any, output: str) -> Any:
    from featurelens.interpret.graph.keras_library import library_of
    from featurelens.interpret.tracing.inputs import missing_from_model
    from featurelens.interpret.tracing.traced_model import outputs_by_name

    made = getattr(model, "outputs", None)
    if not made:
        raise ValueError(
            "Expected a model with a graph of its own for --model-output (Sequential or Functional). Received one that "
            "finds its outputs by being called. Wrap the output that you want in a keras.Model, and save that."
        )
    structure = getattr(model, "output", made)
    named = outputs_by_name(structure if isinstance(structure, dict) else list(made), model)
    if output not in named:
        raise ValueError(missing_from_model("output", output, list(named)))
    return library_of(model).Model(getattr(model, "input", model.inputs), named[output], name=model.name)
