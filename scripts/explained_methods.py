"""The methods that `explain` draws: those asked for by name, or all that the model allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import typer

from featurelens.scripts.method_names import ALL, method_named, methods_named

if TYPE_CHECKING:
    from featurelens.interpret.methods import KnownMethod
    from featurelens.reports.explanation import Subject
    from featurelens.reports.explanation_figure import MapPanel


@dataclass(frozen=True, eq=False)
class MethodChoice:
    """Which methods to draw."""

    methods: tuple[KnownMethod, ...]  # in the order of their panels
    required: frozenset[str]  # names of those that must be drawn; the others are left out where the model refuses
    asked: bool = True  # whether the user chose them


def chosen_methods(names: Sequence[str], layer: str | None) -> MethodChoice:
    """The methods of these names, in this order; 'all' stands for all that are not named.

    Args:
        names: As typed, one or more.
        layer: The layer asked for; a method that looks there must be drawn.

    Raises:
        ValueError: A name is unknown; or a layer is named, and no method looks at one.
    """
    from featurelens.interpret.methods import METHODS

    methods = methods_named(names)
    at_layer = {known.name for known in methods if known.is_at_layer}
    if layer is not None and not at_layer:
        every = ", ".join(known.slug for known in METHODS if known.is_at_layer)
        raise ValueError(
            f"Expected a method that looks at a layer ({every}) beside --layer {layer}. Received "
            f"{', '.join(known.slug for known in methods)}. Leave --layer out, or add one of these methods."
        )
    required = {method_named(name).name for name in names if name.lower() != ALL}
    return MethodChoice(methods, frozenset(required | (at_layer if layer is not None else set())))


def usual_methods(versus: str | None) -> MethodChoice:
    """What is drawn unless told: Grad-CAM and saliency, and with a second class its contrast, HiResCAM."""
    names = ["grad-cam", "saliency", *(["hirescam"] if versus is not None else [])]
    return replace(chosen_methods(names, None), asked=False)


def drawn_methods(choice: MethodChoice, subject: Subject) -> tuple[MapPanel, ...]:
    """A panel of each method, with bars on stderr; a line there tells which one was left out, and why.

    Raises:
        ValueError: The model refuses a method that must be drawn.
    """
    from featurelens.reports.explanation import method_panel
    from featurelens.scripts.terminal import steps_shown

    panels, left_out = [], []
    with steps_shown() as step:
        for known in choice.methods:
            step(known.name, 0, 1)
            try:
                panels.append(method_panel(known, subject, partial(step, known.name)))
            except ValueError as error:
                if known.name in choice.required:
                    raise
                left_out.append(f"{known.name} was left out: {_first_sentence(error)}")
    for line in left_out:
        typer.echo(line, err=True)
    return tuple(panels)


def _first_sentence(error: ValueError) -> str:
    return " ".join(str(error).split()).split(". ")[0].rstrip(".") + "."
