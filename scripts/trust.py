"""Measure how far each attribution method can be trusted on a model: `featurelens trust`."""

from __future__ import annotations

import shlex
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from featurelens.scripts.options.early_checks import checked_data
from featurelens.scripts.options.measuring import BatchSize, Seed, training_data_option
from featurelens.scripts.options.methods import MethodNames, methods_named
from featurelens.scripts.options.opening import (
    DEFAULT_MODEL,
    Data,
    Model,
    Opening,
    is_of_signals,
    load_with_card,
    open_for,
    open_images,
    open_signals_for,
)
from featurelens.scripts.options.outputs import check_outputs
from featurelens.scripts.options.records import takes_records
from featurelens.scripts.terminal.saying import say
from featurelens.scripts.terminal.tables import print_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np

    from featurelens.interpret.methods.catalogue import KnownMethod
    from featurelens.interpret.trust.record import Trust, TrustPlan
    from featurelens.models.datasets.dataset import Dataset
    from featurelens.models.model_files.cards import ModelCard
    from featurelens.reports.evidence.trust import TrustFile


@dataclass(frozen=True)
class SampleSizes:
    """On how many images the measures are taken."""

    images: Annotated[
        int | None, typer.Option(min=1, help="Images for the methods of a pass or two. Default: all.")
    ] = None
    expensive_images: Annotated[int, typer.Option(min=1, help="Images for the methods of many passes.")] = 100
    budget: Annotated[
        int | None,
        typer.Option(
            min=1, help="Passes forward and backward to stay within, by fewer images and steps. Default: no limit."
        ),
    ] = None
    batch_size: BatchSize = None
    seed: Seed = 0


@dataclass(frozen=True)
class LabelControl:
    """The control of random labels: a copy that is trained on training images whose labels say nothing."""

    training_data: Annotated[
        str | None, training_data_option("for the control of random labels; without them it is left out.")
    ] = None
    training_images: Annotated[int, typer.Option(min=1, help="How many of them are used.")] = 2000
    epochs: Annotated[int, typer.Option(min=1, help="Passes over them.")] = 20


@dataclass(frozen=True)
class Objects:
    """Where the objects are that the maps should lie on."""

    masks: Annotated[
        str | None,
        typer.Option(
            help="Where the object of each image is: a .npy file of masks [B,H,W] or boxes [B,4] (left, top, right, bottom), or "
            "a folder of mask pictures named like the images. The maps of the true class are held against them."
        ),
    ] = None

    def read_masks(self, dataset: Dataset) -> np.ndarray | None:
        """bool[B,H,W] of the images, or None."""
        if self.masks is None:
            return None
        import numpy as np

        from featurelens.interpret.trust.localization import box_masks
        from featurelens.models.formats.places.masks import read_masks

        size = dataset.images.shape[1], dataset.images.shape[2]
        found = read_masks(self.masks, size, dataset.names, pictures=dataset.stored_sizes, fit=dataset.preparation.fit)
        if len(found) != len(dataset):
            raise ValueError(
                f"Expected a mask for each of the {len(dataset)} images. Received {len(found)} in '{self.masks}'. Save one for "
                f"each, in the order of the images."
            )
        return box_masks(found, size) if found.ndim == 2 else np.asarray(found)


@dataclass(frozen=True)
class Controls(LabelControl, Objects):
    """What the maps are held against beside the images themselves; a record of options (see `records`)."""


@takes_records
def trust(
    model: Model = DEFAULT_MODEL,
    data: Data = None,
    output: Annotated[
        Path | None, typer.Option(help="File to write; by default MODEL.trust.json, where the report looks for it.")
    ] = None,
    chosen: MethodNames = MethodNames(),
    update: Annotated[bool, typer.Option("--update", help="Keep the other methods of the file that is there.")] = False,
    samples: SampleSizes = SampleSizes(),
    control: Controls = Controls(),
    opening: Opening = Opening(),
) -> None:
    """Measure how far each attribution method can be trusted on a model; the report shows what was found.

    Deletion, insertion and ROAD beside a random and a brightness order, the change under noise, and the likeness once the
    weights are shuffled, for every method.
    """
    from featurelens.interpret.methods.catalogue import METHODS
    from featurelens.reports.files.trust_file import read_trust
    from featurelens.reports.files.whole_files import check_writable

    target = (output or _default_output(model)).expanduser().absolute()
    check_writable(target)
    methods = methods_named(chosen.method) if chosen.method else METHODS.usual
    before = read_trust(target) if update else None
    images_from = _checked_files(model, data, target, control, opening)
    loaded, card = load_with_card(model, opening)
    of_signals = is_of_signals(loaded)
    if of_signals and control.masks is not None:
        raise ValueError(
            f"Expected pictures for --masks {control.masks}. Received a model of series or volumes. Leave --masks out; in Python "
            f"their maps are arrays, which can be held against a part of them."
        )
    usual = open_for if opening.is_of_classes else open_images
    measured, dataset = _read(images_from, loaded, card, opening, usual)
    masks = control.read_masks(dataset)
    training = None
    if control.training_data is not None:
        _, everything = _read(control.training_data, loaded, card, opening, open_for)
        training = _drawn(everything, control.training_images, samples.seed)
    labels = dataset.labels if masks is not None and opening.is_of_classes else None
    given = _Given(measured, dataset, training, masks, labels, chosen.layer, samples.batch_size or 256)
    plan = _plan(samples, control, methods, len(dataset))
    found = _measured(given, methods, _without_filling(plan) if dataset.images.ndim == 5 else plan, before)
    _write(found, measured, dataset, target, before)
    _print(found)
    say(f"Wrote {target}. `featurelens report` shows it where it lies beside the model, or with --trust.")


def _read(data: str, model: Any, card: ModelCard | None, opening: Opening, read: Any) -> tuple[Any, Dataset]:
    """The model, and what it is measured on: pictures as `read` opens them, or series or volumes."""
    if not is_of_signals(model):
        return model, read(data, model, card, opening)
    taken, signals = open_signals_for(data, model, card, opening)
    found: Any = signals
    return taken, found


def _without_filling(plan: TrustPlan) -> TrustPlan:
    """The plan without ROAD: filling in the places of a volume takes as long as thousands of passes."""
    say("Note: ROAD is left out, as filling in the places of volumes takes too long.", err=True)
    return replace(plan, cheap=replace(plan.cheap, filled=0), expensive=replace(plan.expensive, filled=0))


def _checked_files(model: str, data: str | None, target: Path, control: Controls, opening: Opening) -> str:
    """Where the images are; refused is what cannot be read, or would be written over."""
    images_from = checked_data(model, data, opening)
    if control.training_data is not None:
        checked_data(model, control.training_data, opening)
    read = [images_from, control.training_data]
    beside = [opening.class_names, *([] if control.masks is None else [control.masks])]
    check_outputs([target], models=[model], data=read, files=beside, with_trust=False)
    return images_from


def _plan(samples: SampleSizes, control: Controls, methods: Sequence[KnownMethod], images: int) -> TrustPlan:
    """On how many images what is measured, within the budget where there is one."""
    from featurelens.interpret.trust.budget import within_budget
    from featurelens.interpret.trust.record import TrustPlan

    usual = TrustPlan()
    plan = replace(
        usual,
        cheap=replace(usual.cheap, curves=samples.images),
        expensive=replace(usual.expensive, curves=samples.expensive_images),
        epochs=control.epochs,
        seed=samples.seed,
    )
    return plan if samples.budget is None else within_budget(samples.budget, methods, plan, images)


@dataclass(frozen=True, eq=False)
class _Given:
    """What is measured on."""

    model: Any
    dataset: Dataset
    training: tuple[np.ndarray, np.ndarray] | None  # images and labels of the control of random labels
    masks: np.ndarray | None  # bool[B,H,W], where the objects are
    labels: np.ndarray | None  # int64[B], of the maps that the masks are held against
    layer: str | None  # of the class activation maps, where it was named
    batch_size: int


def _measured(given: _Given, methods: Sequence[KnownMethod], plan: TrustPlan, before: TrustFile | None) -> Trust:
    """The measurement itself; refused is one that does not go with that of the file that is there."""
    from featurelens.interpret.stream.predictions import decisions
    from featurelens.interpret.trust.measure import measure_trust
    from featurelens.reports.evidence.trust import require_same_measurement
    from featurelens.scripts.terminal.progress import steps_shown

    images = given.dataset.images
    cam_layer = given.layer or decisions(given.model, images[:1]).cam_layer
    if before is not None:
        require_same_measurement(before, given.model, images, cam_layer, plan)
    with steps_shown() as step:
        return measure_trust(
            given.model,
            images,
            methods,
            plan,
            cam_layer=cam_layer,
            training=given.training,
            masks=given.masks,
            labels=given.labels,
            batch_size=given.batch_size,
            step=step,
        )


def _default_output(model: str) -> Path:
    """Beside a model file, where the report looks for it; in the working directory for a shipped name."""
    from featurelens.models.model_files.loading import shipped_models
    from featurelens.reports.files.trust_file import trust_path

    return Path(f"{model}.trust.json") if model in shipped_models() else trust_path(Path(model))


def _drawn(dataset: Dataset, amount: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A sample of the training images and their labels."""
    from featurelens.interpret.stream.image_choice import sample_numbers

    numbers = sample_numbers(len(dataset), amount, seed)
    return dataset.images[numbers], dataset.labels[numbers]


def _write(found: Trust, model: Any, dataset: Dataset, target: Path, before: TrustFile | None) -> None:
    from featurelens.models.datasets.fingerprints import images_fingerprint
    from featurelens.models.model_files.weights import weights_fingerprint
    from featurelens.reports.evidence.trust import TrustFile, updated
    from featurelens.reports.files.trust_file import write_trust

    command = shlex.join(["featurelens", *sys.argv[1:]]) if "trust" in sys.argv[1:2] else "featurelens trust"
    measured = TrustFile(
        trust=found,
        model=str(model.name),
        data=dataset.source,
        weights=weights_fingerprint(model),
        images=images_fingerprint(dataset.images),
        command=command,
    )
    write_trust(measured if before is None else updated(before, measured), target)


def _print(found: Trust) -> None:
    from rich.table import Table

    table = Table("method", "verdict", title="how far each method can be trusted on this model")
    for name in ("images", "beats random", "beats brightness", "likeness, shuffled"):
        table.add_column(name, justify="right")
    for name, measured in found.methods.items():
        random, bright, weights = (finding.number.mean for finding in measured.verdict.findings)
        table.add_row(
            name, measured.verdict.level, f"{measured.images:,}", f"{random:.0%}", f"{bright:.0%}", f"{weights:.2f}"
        )
    print_table(table)
    _print_location(found)
    for name, why in found.refused.items():
        say(f"{name} was left out: {why}", err=True)


def _print_location(found: Trust) -> None:
    """A second table, where masks were given."""
    told = {name: measured.location for name, measured in found.methods.items() if measured.location is not None}
    if not told:
        return
    from rich.table import Table

    first = next(iter(told.values()))
    table = Table("method", title=f"on the objects, which are {first.share:.0%} of the pixels: as much is chance")
    for name in ("images", "peak on object", "evidence on object", "strongest pixels on object"):
        table.add_column(name, justify="right")
    for name, each in told.items():
        mass = "" if each.mass is None else f"{each.mass.mean:.0%}"
        table.add_row(name, f"{each.images:,}", f"{each.pointing.mean:.0%}", mass, f"{each.rank.mean:.0%}")
    print_table(table)


if __name__ == "__main__":
    from featurelens.scripts.terminal.running import run_alone

    run_alone("trust", trust)
