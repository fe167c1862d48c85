"""Contents that are planted in pictures, and strange pictures: of `planted_shortcuts`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

Plant = Callable[[np.ndarray, np.random.Generator], np.ndarray]


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


def compressed(images: np.ndarray, random: np.random.Generator | None = None, quality: int = 30) -> np.ndarray:
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


PLANTS: dict[str, Plant] = {
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
    "compression": compressed,
}
FIXED_PIXELS = (
    "mark",
    "chequered mark",
    "frame",
    "mark on the object",
    "four pixels on the object",
)  # opaque, so that their pixels are known
STRANGE: dict[str, Callable[[np.ndarray], np.ndarray] | None] = {
    "turned by 90 degrees": _turned,
    "inverted": _inverted,
    "blurred": _blurred,
    "nothing strange": None,
    "errors permuted": None,
}
