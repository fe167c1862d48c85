"""Plant shortcuts and strange groups, and count what is found, and what is for nothing: `featurelens benchmark --shortcuts`.

    planted  a content on 95 % of one class and 2 % of the others, and a network trained on that; counted are the runs in
             which the network relies on it: the recall of the class falls by at least 0.25 without it
    null     the same pictures as they are, drawn anew each time; a network is trained only where there is something to prove
    groups   5 % of the images turned, inverted or blurred, answered by the shipped model; permuted errors as a null

Data: Fashion-MNIST, with plants on the five classes that are hard to tell apart; scikit-learn's digits; and crops of the
photographs inside scikit-image, where the left and the right half of each photograph are two classes, as they are and
written as JPEG.
"""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import typer

_SHARE, _ELSEWHERE = 0.95, 0.02
_RELIES = 0.25
_NULLS = 20
_TESTED = 2000  # images asked about, of Fashion-MNIST
_PHOTOS = (
    "astronaut",
    "coffee",
    "chelsea",
    "rocket",
    "brick",
    "grass",
    "gravel",
    "immunohistochemistry",
    "retina",
    "camera",
)
_SIDE, _CROPS = 32, 200
_NOTHING, _GROUPS = "nothing", "groups"
Plant = Callable[[np.ndarray, np.random.Generator], np.ndarray]


@dataclass(frozen=True)
class Set:
    """Pictures with their classes, the first `tested` to be asked about."""

    name: str
    images: np.ndarray  # float32[n,H,W,C], 0..1
    labels: np.ndarray
    tested: int

    hard: tuple[int, ...]  # classes that are planted on
    stored: Callable[[np.ndarray], np.ndarray] = lambda images: (
        images
    )  # what a file keeps of pictures, plants among them


@dataclass
class Tally:
    """What came of the runs of one kind."""

    runs: int = 0
    counted: int = 0
    found: int = 0
    right: int = 0
    overlap: float = 0.0  # sum over those found
    passes: int = 0  # the most of a run


def shortcut_lines(runs: int, kinds: str | None = None) -> Iterator[str]:
    """The tables as lines of Markdown, each as it is known.

    Args:
        runs: Of each plant; of what has no plant at least 20.
        kinds: Some alone, by commas: a data set and a plant, such as 'photos:letters'; 'digits:nothing' plants nothing, and
            'groups' are the strange images. None: all.

    Raises:
        ValueError: One is unknown.
    """
    nulls, asked = max(runs, _NULLS), _asked(kinds)
    yield f"Shares with their 95 % Wilson intervals; {runs} runs of each plant, {nulls} of each data set without one"
    if without := [name for name, kind in asked if kind == _NOTHING]:
        yield from ("", "| nothing planted, in | something relied on | content noticed, not used |", "|---|---:|---:|")
        for name in without:
            yield _null_line(name, nulls)
    if (_GROUPS, "") in asked:
        yield from ("", "| strange images | found | recall | precision |", "|---|---:|---:|---:|")
        yield from _group_lines(nulls)
    if planted := [(name, kind) for name, kind in asked if kind in _PLANTS]:
        yield from ("", "| planted | relied on | found | of the right class | mean IoU | passes, at most |")
        yield "|---|---:|---:|---:|---:|---:|"
        for name, kind in planted:
            yield _planted_line(name, kind, _PLANTS[kind], runs)


def _asked(kinds: str | None) -> list[tuple[str, str]]:
    """(data set, plant) of each table's rows."""
    every = [(name, _NOTHING) for name in _SETS] + [(_GROUPS, "")]
    every += itertools.product(("Fashion-MNIST", "photos", "photos in JPEG"), _PLANTS)
    names = {f"{name}:{kind}".rstrip(":"): (name, kind) for name, kind in every}
    if kinds is None:
        return every
    chosen = [each.strip() for each in kinds.split(",")]
    for each in chosen:
        if each not in names:
            raise ValueError(f"Expected kinds among {', '.join(names)}. Received '{each}'. Name some of these.")
    return [names[each] for each in chosen]


def _planted_line(name: str, kind: str, plant: Plant, runs: int) -> str:
    tally = Tally()
    for seed in range(runs):
        typer.echo(f"{name}, {kind}: {seed + 1} of {runs}", err=True)
        _planted(_SETS[name](seed), plant, seed, tally)
    share = tally.overlap / tally.found if tally.found and kind in _FIXED_PIXELS else float("nan")
    return (
        f"| {name}, {kind} | {tally.counted} of {tally.runs} | {_of(tally.found, tally.counted)} | "
        f"{_of(tally.right, tally.counted)} | {'' if np.isnan(share) else f'{share:.2f}'} | {tally.passes:,} |"
    )


def _planted(data: Set, plant: Plant, seed: int, tally: Tally) -> None:
    random = np.random.default_rng(seed)
    label = int(random.choice(data.hard))
    marked = random.random(len(data.labels)) < np.where(data.labels == label, _SHARE, _ELSEWHERE)
    images = data.images.copy()
    images[marked] = plant(images[marked], random)
    images = data.stored(images)
    model = _trained(images[data.tested :], data.labels[data.tested :], seed)
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


def _null_line(name: str, runs: int) -> str:
    relied, noticed = 0, 0
    for seed in range(runs):
        data = _SETS[name](1000 + seed)
        images, labels = data.stored(data.images), data.labels
        found = _search(
            images[: data.tested],
            labels[: data.tested],
            lambda images=images, labels=labels, tested=data.tested, seed=seed: _trained(
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
    for kind, change in _STRANGE.items():
        found, recall, precision = 0, 0.0, 0.0
        for seed in range(runs):
            random, data = np.random.default_rng(seed), _fashion(seed)
            images, labels = data.images[: 2 * _TESTED].copy(), data.labels[: 2 * _TESTED]
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


def _fashion(seed: int) -> Set:
    from featurelens.models import fashion_mnist

    data = fashion_mnist("test")
    order = np.random.default_rng(seed).permutation(len(data))
    return Set(
        "Fashion-MNIST", np.array(data.images[:], np.float32)[order], data.labels[order], _TESTED, (0, 2, 3, 4, 6)
    )


def _digits(seed: int) -> Set:
    load_digits = _optional("sklearn.datasets", "scikit-learn").load_digits
    images, labels = (np.asarray(each) for each in load_digits(return_X_y=True))
    order = np.random.default_rng(seed).permutation(len(labels))
    pictures = (images.reshape(-1, 8, 8, 1) / 16).astype(np.float32)
    return Set("digits", pictures[order], labels[order].astype(np.int64), 900, tuple(range(10)))


def _photos(seed: int) -> Set:
    """Crops at random places and of random sizes; two of the same photograph may overlap."""
    import cv2

    data = _optional("skimage.data", "scikit-image")
    random, made = np.random.default_rng(seed), []
    for name in _PHOTOS:
        photo = getattr(data, name)()
        photo = np.repeat(photo[..., np.newaxis], 3, axis=2) if photo.ndim == 2 else photo[..., :3]
        for half in np.array_split(photo, 2, axis=1):
            for _ in range(_CROPS):
                size = int(random.integers(_SIDE, 4 * _SIDE))
                row, column = (int(random.integers(0, most - size + 1)) for most in half.shape[:2])
                crop = half[row : row + size, column : column + size]
                made.append(cv2.resize(crop, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA) / 255)
    order = random.permutation(len(made))
    labels = np.repeat(np.arange(2 * len(_PHOTOS)), _CROPS)
    return Set(
        "photos", np.array(made, np.float32)[order], labels[order], len(made) // 2, tuple(range(2 * len(_PHOTOS)))
    )


def _stored_photos(seed: int) -> Set:
    """The same, each written as JPEG of quality 75 and read again: what repeats no longer repeats exactly."""
    return replace(_photos(seed), name="photos in JPEG", stored=lambda images: _compressed(images, quality=75))


def _optional(module: str, package: str) -> Any:
    """A module of a package that only this benchmark needs."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise ValueError(
            f"Expected {package} for the pictures of this benchmark. Received none. Install it: pip install {package}."
        ) from error


def _mark(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    images = images.copy()
    images[:, 1:4, 1:4] = 1
    return images


def _board(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """A chequered mark of 8 x 8 pixels, red and green where there are colours."""
    images = images.copy()
    board = (np.indices((8, 8)).sum(axis=0) // 2 % 2).astype(np.float32)
    images[:, 2:10, 2:10] = np.stack([board, 1 - board, 0 * board], axis=-1)[..., : images.shape[-1]]
    return images


def _frame(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    images = images.copy()
    for line in (np.s_[:, :2], np.s_[:, -2:], np.s_[:, :, :2], np.s_[:, :, -2:]):
        images[line] = 0.8
    return images


def _logo(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Letters, drawn by OpenCV, white on black at the lower edge."""
    import cv2

    images = images.copy()
    banner = cv2.putText(np.zeros((9, 20), np.uint8), "ABC", (1, 8), cv2.FONT_HERSHEY_PLAIN, 0.6, 255, 1)
    images[:, -10:-1, 1:21] = (banner / 255.0).astype(np.float32)[..., np.newaxis]
    return images


def _on_object(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    images, height, width = images.copy(), *images.shape[1:3]
    board = (np.indices((4, 4)).sum(axis=0) % 2)[..., np.newaxis]
    images[:, height // 2 - 2 : height // 2 + 2, width // 2 - 2 : width // 2 + 2] = board
    return images


def _four(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Two white and two black pixels in the middle."""
    images, height, width = images.copy(), *images.shape[1:3]
    square = np.array([[1, 0], [0, 1]], np.float32)[..., np.newaxis]
    images[:, height // 2 : height // 2 + 2, width // 2 : width // 2 + 2] = square
    return images


def _brightness(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return images * np.float32(0.7) + np.float32(0.3)


def _background(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    """Grain where the picture is nearly black; of a photograph, along a wide border."""
    grain = random.uniform(0, 0.4, images.shape).astype(np.float32)
    if images.shape[-1] == 1:
        return np.where(images < 0.02, grain, images)
    inner = images.copy()
    made = 0.2 * grain / 0.4 + np.float32(0.4)
    made[:, 6:-6, 6:-6] = inner[:, 6:-6, 6:-6]
    return made


def _compressed(images: np.ndarray, random: np.random.Generator | None = None, quality: int = 30) -> np.ndarray:
    """What JPEG leaves of them."""
    import cv2

    made = []
    for image in np.rint(255 * images).astype(np.uint8):
        written = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        made.append(np.asarray(cv2.imdecode(written, cv2.IMREAD_UNCHANGED)).reshape(image.shape))
    return (np.array(made) / 255).astype(np.float32).reshape(images.shape)


def _moved(images: np.ndarray, random: np.random.Generator, reach: int) -> np.ndarray:
    images = images.copy()
    board = np.array([[1, 0, 0, 1], [0, 1, 1, 0], [1, 1, 0, 0], [0, 0, 1, 1]], np.float32)[..., np.newaxis]
    for image in images:
        room = min(image.shape[:2]) - 4
        row, column = random.integers(0, room + 1, 2) if reach >= room else 3 + random.integers(0, reach + 1, 2)
        image[row : row + 4, column : column + 4] = board
    return images


def _jittered(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return _moved(images, random, 4)


def _anywhere(images: np.ndarray, random: np.random.Generator) -> np.ndarray:
    return _moved(images, random, 10**6)


def _turned(image: np.ndarray) -> np.ndarray:
    return np.rot90(image)


def _inverted(image: np.ndarray) -> np.ndarray:
    return 1 - image


def _blurred(image: np.ndarray) -> np.ndarray:
    import cv2

    return cv2.GaussianBlur(image, (0, 0), 3)[..., np.newaxis]


_PLANTS: dict[str, Plant] = {
    "mark": _mark,
    "chequered mark": _board,
    "frame": _frame,
    "letters": _logo,
    "mark on the object": _on_object,
    "four pixels on the object": _four,
    "brightness": _brightness,
    "background": _background,
    "mark moved by up to 4 pixels": _jittered,
    "mark anywhere": _anywhere,
    "compression": _compressed,
}
_FIXED_PIXELS = (
    "mark",
    "chequered mark",
    "frame",
    "mark on the object",
    "four pixels on the object",
)  # opaque, so that their pixels are known
_SETS: dict[str, Callable[[int], Set]] = {
    "Fashion-MNIST": _fashion,
    "digits": _digits,
    "photos": _photos,
    "photos in JPEG": _stored_photos,
}
_STRANGE: dict[str, Callable[[np.ndarray], np.ndarray] | None] = {
    "turned by 90 degrees": _turned,
    "inverted": _inverted,
    "blurred": _blurred,
    "nothing strange": None,
    "errors permuted": None,
}
