"""Plant shortcuts and strange groups, and count what is found, and what is for nothing: `featurelens benchmark --shortcuts`.

    planted  a content on 95 % of one class and 2 % of the others, and a network trained on that; counted are the runs in
             which the network relies on it: the recall of the class falls by at least 0.25 without it
    null     the same pictures as they are, drawn anew each time; a network is trained only where there is something to prove
    groups   5 % of the images turned, inverted or blurred, answered by the shipped model; permuted errors as a null

The data sets are those of `pictures`, the contents those of `plants`. A network does not depend on what looks for shortcuts:
kept in a folder, it is taken from there when the same run is counted again.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

import numpy as np
import typer

from featurelens.scripts.benchmarks.pictures import SETS as _SETS
from featurelens.scripts.benchmarks.pictures import Pictures
from featurelens.scripts.benchmarks.plants import FIXED_PIXELS, STRANGE, Plant
from featurelens.scripts.benchmarks.plants import PLANTS as _PLANTS

_SHARE, _ELSEWHERE = 0.95, 0.02
_RELIES = 0.25
_NULLS = 20
_NOTHING, _GROUPS = "nothing", "groups"
_PLANTED_IN = ("Fashion-MNIST", "photos", "photos in JPEG")
Train = Callable[[np.ndarray, np.ndarray, int], Any]


@dataclass
class Tally:
    """What came of the runs of one kind."""

    runs: int = 0
    counted: int = 0
    found: int = 0
    right: int = 0
    overlap: float = 0.0  # sum over those found
    passes: int = 0  # the most of a run


def shortcut_lines(runs: int, kinds: str | None = None, keep: Path | None = None) -> Iterator[str]:
    """The tables as lines of Markdown, each as it is known.

    Args:
        runs: Of each plant; of what has no plant at least 20.
        kinds: Some alone, by commas: a data set and a plant, such as 'photos:letters'; 'digits:nothing' plants nothing, and
            'groups' are the strange images. None: all.
        keep: A folder for the trained networks; those that are there are taken again.

    Raises:
        ValueError: One is unknown.
    """
    nulls, asked, train = max(runs, _NULLS), _asked(kinds), _trained if keep is None else _kept(keep)
    yield f"Shares with their 95 % Wilson intervals; {runs} runs of each plant, {nulls} of each data set without one"
    if without := [name for name, kind in asked if kind == _NOTHING]:
        yield from ("", "| nothing planted, in | something relied on | content noticed, not used |", "|---|---:|---:|")
        for name in without:
            yield _null_line(name, nulls, train)
    if (_GROUPS, "") in asked:
        yield from ("", "| strange images | found | recall | precision |", "|---|---:|---:|---:|")
        yield from _group_lines(nulls)
    if planted := [(name, kind) for name, kind in asked if kind in _PLANTS]:
        yield from ("", "| planted | relied on | found | of the right class | mean IoU | passes, at most |")
        yield "|---|---:|---:|---:|---:|---:|"
        for name, kind in planted:
            yield _planted_line(name, kind, runs, train)


def _asked(kinds: str | None) -> list[tuple[str, str]]:
    """(data set, plant) of each table's rows."""
    every = [(name, _NOTHING) for name in _SETS] + [(_GROUPS, "")]
    every += itertools.product(_PLANTED_IN, _PLANTS)
    names = {f"{name}:{kind}".rstrip(":"): (name, kind) for name, kind in every}
    if kinds is None:
        return every
    chosen = [each.strip() for each in kinds.split(",")]
    for each in chosen:
        if each not in names:
            raise ValueError(f"Expected kinds among {', '.join(names)}. Received '{each}'. Name some of these.")
    return [names[each] for each in chosen]


def _planted_line(name: str, kind: str, runs: int, train: Train) -> str:
    tally = Tally()
    for seed in range(runs):
        typer.echo(f"{name}, {kind}: {seed + 1} of {runs}", err=True)
        _planted(_SETS[name](seed), _PLANTS[kind], seed, tally, train)
    share = tally.overlap / tally.found if tally.found and kind in FIXED_PIXELS else float("nan")
    return (
        f"| {name}, {kind} | {tally.counted} of {tally.runs} | {_of(tally.found, tally.counted)} | "
        f"{_of(tally.right, tally.counted)} | {'' if np.isnan(share) else f'{share:.2f}'} | {tally.passes:,} |"
    )


def _planted(data: Pictures, plant: Plant, seed: int, tally: Tally, train: Train | None = None) -> None:
    random = np.random.default_rng(seed)
    label = int(random.choice(data.hard))
    marked = random.random(len(data.labels)) < np.where(data.labels == label, _SHARE, _ELSEWHERE)
    images = data.images.copy()
    images[marked] = plant(images[marked], random)
    images = data.stored(images)
    model = (train or _trained)(images[data.tested :], data.labels[data.tested :], seed)
    clean, truth = data.images[: data.tested], data.labels[: data.tested]
    own = clean[truth == label]
    tally.runs += 1
    found = _search(images[: data.tested], truth, lambda: model, seed)
    tally.passes = max(tally.passes, found.passes)
    if _called(model, data.stored(plant(own, random)), label) - _called(model, data.stored(own), label) < _RELIES:
        return
    tally.counted += 1
    if found.relied_on:
        first = found.relied_on[0]
        pixels = (np.abs(plant(own[:1] * 0 + 0.5, random) - 0.5) > 1e-6).any(axis=(0, 3))
        tally.found += 1
        tally.right += int(first.label == label)
        tally.overlap += float((first.mask & pixels).sum() / max(1, (first.mask | pixels).sum()))


def _called(model: Any, images: np.ndarray, label: int) -> float:
    return float((np.asarray(model(images, training=False)).argmax(axis=1) == label).mean())


def _search(images: np.ndarray, labels: np.ndarray, model: Callable[[], Any], seed: int) -> Any:
    """What `find_shortcuts` finds, with a model that is made only where something has to be proven."""
    from featurelens.interpret.shortcuts.pool import Pool
    from featurelens.interpret.shortcuts.search import Search
    from featurelens.interpret.shortcuts.shortcuts import EACH, budget_of
    from featurelens.interpret.tracing.batched_graph import Program
    from featurelens.interpret.tracing.traced_model import TracedModel

    pool = Pool(images, None, labels)
    search = Search(pool, EACH, budget_of(pool.shape), seed)
    return search.found(lambda: Program(TracedModel(model()), lambda taps, scores: {}), 256, False)


def _null_line(name: str, runs: int, train: Train) -> str:
    relied, noticed = 0, 0
    for seed in range(runs):
        data = _SETS[name](1000 + seed)
        images, labels = data.stored(data.images), data.labels
        found = _search(
            images[: data.tested],
            labels[: data.tested],
            lambda images=images, labels=labels, tested=data.tested, seed=seed: train(
                images[tested:], labels[tested:], seed
            ),
            seed,
        )
        relied += bool(found.relied_on)
        noticed += bool(len(found.found) > len(found.relied_on))
    return f"| {name} | {_of(relied, runs)} | {noticed} |"


def _group_lines(runs: int) -> Iterator[str]:
    from featurelens.interpret import find_failing_groups
    from featurelens.scripts.options.opening import DEFAULT_MODEL, load_with_card

    model, _ = load_with_card(DEFAULT_MODEL)
    for kind, change in STRANGE.items():
        found, recall, precision = 0, 0.0, 0.0
        for seed in range(runs):
            random, data = np.random.default_rng(seed), _SETS["Fashion-MNIST"](seed)
            images, labels = data.images[: 2 * data.tested].copy(), data.labels[: 2 * data.tested]
            strange = random.random(len(images)) < (0.05 if change else 0)
            if change is not None and strange.any():
                images[strange] = np.stack([change(image) for image in images[strange]])
            said = model.predict(images, verbose=0, batch_size=256).argmax(axis=1)
            if kind == "errors permuted":
                wrong = (said != labels)[random.permutation(len(labels))]
                said = np.where(wrong, (labels + 1) % 10, labels)
            groups = find_failing_groups(images, labels, said, seed=seed).found
            found += bool(groups)
            if groups and change is not None:
                inside = strange[groups[0].numbers]
                recall, precision = recall + inside.sum() / strange.sum(), precision + inside.mean()
        told = f"{recall / found:.2f} | {precision / found:.2f}" if found and change is not None else " | "
        yield f"| {kind} | {_of(found, runs)} | {told} |"


def _of(part: int, whole: int) -> str:
    """A share with its Wilson interval."""
    if not whole:
        return "0 of 0"
    share, z = part / whole, 1.96
    centre = (share + z * z / (2 * whole)) / (1 + z * z / whole)
    half = z * np.sqrt(share * (1 - share) / whole + z * z / (4 * whole**2)) / (1 + z * z / whole)
    return f"{part} of {whole} ({max(0.0, centre - half):.2f} to {min(1.0, centre + half):.2f})"


def _kept(folder: Path) -> Train:
    """Trains a network, or takes the one that was trained on the same pictures before."""

    def train(images: np.ndarray, labels: np.ndarray, seed: int) -> Any:
        import keras

        shown = (np.ascontiguousarray(images).tobytes(), np.ascontiguousarray(labels).tobytes(), str(seed).encode())
        file = folder / f"{blake2b(b''.join(shown), digest_size=16).hexdigest()}.keras"
        if file.exists():
            keras.backend.clear_session()
            return keras.models.load_model(file)
        model = _trained(images, labels, seed)
        folder.mkdir(parents=True, exist_ok=True)
        part = file.with_suffix(".part.keras")
        model.save(part)
        part.replace(file)  # a network that was cut short is none
        return model

    return train


def _trained(images: np.ndarray, labels: np.ndarray, seed: int) -> Any:
    """A small network: flattened for grey pictures, with global average pooling for colour."""
    import keras

    keras.backend.clear_session()
    keras.utils.set_random_seed(seed)
    layers, classes = keras.layers, int(labels.max()) + 1
    colour = images.shape[-1] > 1
    end = [layers.GlobalAveragePooling2D()] if colour else [layers.Flatten(), layers.Dense(32, activation="relu")]
    model = keras.Sequential(
        [
            keras.Input(images.shape[1:]),
            layers.Conv2D(16, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            *([layers.Conv2D(64, 3, padding="same", activation="relu")] if colour else []),
            *end,
            layers.Dense(classes, activation="softmax"),
        ]
    )
    model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy")
    model.fit(images, labels, epochs=8 if colour or len(images) < 3000 else 3, batch_size=64, verbose=0)  # type: ignore[arg-type]  # a number, says Keras itself
    return model
