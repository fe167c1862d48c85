"""Train a network by its recipe and write down how it went."""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from ...kinds import checks_kinds
from ..datasets.dataset import Dataset
from ..datasets.fingerprints import images_fingerprint
from ..formats.fashion_mnist import fashion_mnist
from ..formats.sources import open_dataset
from ..model_files.cards import ModelCard, versions
from ..model_files.writing import check_output, write_trained_model
from ..networks.architectures import base_options, build_model
from ..networks.recipes import Recipe, check_recipe, recipe
from ..networks.transfer_network import available_weights
from .batches import hold_out, require_same_kind, targets_of, training_batches
from .checkpoints import TrainingInterrupted, TrainingRun
from .epochs import TrainingEpochs, TrainingProgress
from .optimizers import compile_model
from .results import VALUE_RANGE, model_card


@dataclass(frozen=True, eq=False)
class TrainedModel:
    """What a training returns."""

    model: Any  # keras.Model with the weights of its best epoch
    card: ModelCard  # how they were made and what they reach


@checks_kinds
def train(
    entry: str | Recipe,
    training: Any = None,
    test: Any = None,
    *,
    output: str | Path | None = None,
    overwrite: bool = False,
    progress: TrainingProgress | None = None,
) -> TrainedModel:
    """Train a network; the same recipe, data and versions give the same weights.

    A part of the training split is held out for validation. The test split decides nothing: its loss is
    noted after each epoch for the plot, and its accuracy once, at the end.

    Args:
        entry: a name of `architectures()`, or a recipe, such as ``replace(recipe("residual"), epochs=5)``.
        training: images to learn from, a `Dataset` or whatever `open_dataset` reads; None: Fashion-MNIST, both splits.
        test: images for the figures of the card, of the size and with the classes of `training`; None with a
            `training` of your own: no such figures.
        output: NAME.keras to write, the card (.json) and the history (.csv) beside it; a training that was
            interrupted is resumed from there. None: nothing is written, and it cannot be resumed.
        overwrite: whether files at `output` may be replaced.
        progress: called at each epoch and batch.

    Raises:
        ValueError: for an unknown name, a recipe that cannot be followed, an output that cannot be written, or
            splits that do not belong together, all before the training starts; for a loss that is no longer finite.
        TrainingInterrupted: at Ctrl-C; it names the folder with what is kept.

    Example:
        >>> train("zero_padded_dropout").card.results["test"]["accuracy"] > 0.8936    # doctest: +SKIP
        True
    """
    chosen = recipe(entry) if isinstance(entry, str) else entry
    target = None if output is None else Path(output)
    check_settings(chosen, target, overwrite)
    if training is None:
        training, test = fashion_mnist("train"), test or fashion_mnist("test")
    training, test = (
        each if isinstance(each, Dataset) or each is None else open_dataset(each) for each in (training, test)
    )
    if test is not None:
        require_same_kind(training, test)
    if chosen.base is not None:
        chosen = replace(chosen, base_weights=available_weights(chosen.base, chosen.base_weights or "imagenet"))
    scaled_test = None if test is None else test.scaled(*VALUE_RANGE)
    return _train(chosen, training.scaled(*VALUE_RANGE), scaled_test, target, progress)


def check_settings(chosen: Recipe, output: Path | None, overwrite: bool) -> None:
    """Refuse a recipe that cannot be followed or an output that cannot be written, before any data are read."""
    check_recipe(chosen)
    base_options(chosen.architecture, chosen.base, chosen.base_weights)
    if output is not None:
        check_output(output, overwrite)


def _train(
    chosen: Recipe, training: Dataset, test: Dataset | None, output: Path | None, progress: TrainingProgress | None
) -> TrainedModel:
    """Build, fit, measure and write."""
    learnt, validation = hold_out(training, chosen.validation_share, chosen.seed)
    batches = training_batches(learnt, chosen)
    model = _build(chosen, training)
    compile_model(model, chosen, len(batches))
    given_test = {} if test is None else {"test": test}
    sources = {"training": training} | given_test
    run = TrainingRun(output, chosen, f"{versions()}{_digests(sources)}") if output else None
    epochs = TrainingEpochs(model, chosen, batches, test, run, progress)
    try:
        _fit(model, chosen, batches, validation, epochs)
        splits = {"training": learnt, "validation": validation} | given_test
        card = model_card(chosen, model, sources, splits, epochs.rows, epochs.seconds)
        if output and run:
            write_trained_model(model, card, output)
    except KeyboardInterrupt:
        raise TrainingInterrupted(run.leave() if run else None) from None
    if run:
        run.remove()
    return TrainedModel(model, card)


def _digests(sources: dict[str, Dataset]) -> dict[str, str]:
    """SHA-256 of each split's images and labels: with other data a training must not resume from these weights.

    The test split counts too, or that there is none, because the history has its loss.
    """
    digests = {}
    for name, data in sources.items():
        labels = hashlib.sha256(np.ascontiguousarray(data.labels).data).hexdigest()
        digests[name] = f"{images_fingerprint(data.images)} {labels} of {len(data.class_names)}"
    return digests


def _build(chosen: Recipe, data: Dataset) -> Any:
    """The recipe's network, for the shape and the classes of the data."""
    shape = tuple(int(length) for length in data.images.shape[1:])
    return build_model(
        chosen.architecture,
        chosen.seed,
        input_shape=(shape[0], shape[1], shape[2]),
        classes=len(data.class_names),
        base=chosen.base,
        base_weights=chosen.base_weights,
    )


def _fit(model: Any, chosen: Recipe, batches: Any, validation: Dataset, epochs: TrainingEpochs) -> None:
    """Run the epochs that are still to do, and leave the best one's weights in the model."""
    import keras

    if not epochs.is_over:
        model.fit(
            batches,
            epochs=chosen.epochs,
            initial_epoch=len(epochs.rows),
            shuffle=False,  # the batches shuffle themselves
            validation_data=(validation.images, targets_of(validation, chosen.loss)),
            validation_batch_size=256,
            verbose=0,
            callbacks=[
                keras.callbacks.LambdaCallback(
                    on_epoch_begin=lambda epoch, logs: epochs.begin(epoch),
                    on_train_batch_end=epochs.batch,
                    on_epoch_end=epochs.end,
                )
            ],
        )
    epochs.load_best()
