"""Which part of a model is looked at, and what its answer is for: `--model-output`, `--wrt` and `--task`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from featurelens.models.model_files.cards import ModelCard

Task = Annotated[
    str | None,
    typer.Option(
        help="What one answer without an activation is for: binary or regression. Default: as data or card tell."
    ),
]
ModelOutput = Annotated[str | None, typer.Option(help="Which output to look at, where the model has several.")]
Wrt = Annotated[str | None, typer.Option(help="Which input is the picture, where the model has several.")]


def as_chosen(model: Any, card: ModelCard | None, *, task: str | None, output: str | None) -> Any:
    """The model with the output named alone, and its task declared: as asked for, or by a card of two classes.

    Raises:
        ValueError: There is no such output or task, or a model without a graph has several outputs.
    """
    from featurelens.interpret.graph.tasks import declare_task

    chosen = model if output is None else _with_one_output(model, output)
    if task is not None:
        declare_task(chosen, task)
    elif card is not None and len(card.class_names) == 2 and is_bare(chosen):
        declare_task(chosen, "binary")
    return chosen


def settle_task(model: Any, class_names: tuple[str, ...]) -> None:
    """Take one bare unit for a logit where the data have two classes.

    Raises:
        ValueError: The model is a regression, or may be one: there are no classes to hold it against. Or it takes several
            inputs.
    """
    from featurelens.interpret.graph.tasks import declare_task, declared_task

    refuse_several_inputs(model)
    if declared_task(model) is None and is_bare(model) and len(class_names) == 2:
        declare_task(model, "binary")
    if declared_task(model) == "regression" or is_bare(model):
        raise ValueError(
            f"Expected a classifier, whose answers can be held against the {len(class_names)} classes of the data. Received "
            f"a model that answers numbers without an activation. If it tells two classes apart, pass --task binary and "
            f"data of two classes; a regression can be looked at by featurelens explain --task regression and featurelens "
            f"inspect."
        )


def refuse_several_inputs(model: Any) -> None:
    """Pass a model that one picture is enough for.

    Raises:
        ValueError: It takes several inputs; a set of images fills one.
    """
    from featurelens.interpret.tracing.inputs import declared_inputs

    form = declared_inputs(model)
    if form is not None and len(form.names) > 1:
        raise ValueError(
            f"Expected a model of one input, which the images fill. This one takes {', '.join(form.names)}. See its layers by "
            f"featurelens inspect --wrt {form.names[0]}, and make its maps in Python, where each input can be given."
        )


def is_bare(model: Any) -> bool:
    """Whether the model answers one number that may be a logit or a regression, and nothing was declared of it."""
    from featurelens.interpret.graph.head import OPEN
    from featurelens.interpret.tracing.batched_graph import LayerProgram
    from featurelens.interpret.tracing.traced_model import TracedModel

    shape = getattr(model, "output_shape", None)
    if isinstance(shape, tuple) and shape and (shape[-1] or 2) > 1 and len(shape) > 1:
        return False  # several units, without a trace
    head = LayerProgram(TracedModel(model), lambda taps, _: {"image": taps.image}).head
    return head is not None and head.task == OPEN


def _with_one_output(model: Any, output: str) -> Any:
    from featurelens.interpret.sanity.independent_copy import library_of
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
