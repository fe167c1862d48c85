"""Attribution methods by the names that a user types, and which of them `explain` draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from featurelens.interpret.methods.catalogue import KnownMethod
    from featurelens.reports.explanation import MethodChoice

ALL = "all"


def method_option(what: str) -> Any:
    """--method, given several times, with what the methods are for."""
    return typer.Option("--method", help=f"{what}; may be given several times.")


CamLayer = Annotated[str | None, typer.Option(help="Layer of the CAMs; by default the last convolution.")]


@dataclass(frozen=True)
class MethodNames:
    """Which attribution methods, and at which layer those of them that look at one; a record of options (see `records`)."""

    method: Annotated[
        list[str] | None,
        method_option(
            "A method, such as rise, or all for the thirteen usual ones (explain draws grad-cam and saliency by default, trust "
            "tests all)"
        ),
    ] = None
    layer: CamLayer = None


def methods_named(names: Sequence[str]) -> tuple[KnownMethod, ...]:
    """The methods of these names, in this order, each once; 'all' stands for the usual ones.

    Raises:
        ValueError: A name is unknown.
    """
    from featurelens.interpret.methods.catalogue import METHODS

    named = [known for name in names for known in (METHODS.usual if name.lower() == ALL else [method_named(name)])]
    return tuple({known.name: known for known in named}.values())


def method_named(name: str) -> KnownMethod:
    """The method of this name, in any case.

    Raises:
        ValueError: There is none; the message has the real names and the nearest.
    """
    from featurelens.interpret.methods.catalogue import METHODS, method_called
    from featurelens.models.known_names import unknown_name

    known = method_called(name)
    if known is None:
        slugs = [each.slug for each in METHODS]
        raise unknown_name(
            "method", name.lower(), [*slugs, ALL], "Pass one of them; --method may be given several times."
        )
    return known


def chosen_methods(names: Sequence[str], layer: str | None) -> MethodChoice:
    """The methods of these names, in this order; 'all' stands for the usual ones that are not named.

    Args:
        names: As typed, one or more.
        layer: The layer asked for; a method that looks there must be drawn.

    Raises:
        ValueError: A name is unknown; or a layer is named, and no method looks at one.
    """
    from featurelens.interpret.methods.catalogue import METHODS
    from featurelens.reports.explanation import MethodChoice

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


def usual_methods(versus: str | None, layer: str | None = None) -> MethodChoice:
    """What is drawn by default: Grad-CAM and saliency, and with a second class its contrast, HiResCAM.

    One that the model has no place for, or no gradient, is left out; with a layer named, what looks there is not.
    """
    names = ["grad-cam", "saliency", *(["hirescam"] if versus is not None else [])]
    choice = chosen_methods(names, None)
    required = {known.name for known in choice.methods if known.is_at_layer and layer is not None}
    return replace(choice, required=frozenset(required), asked=False)
