"""Which pictures a request holds: the bytes of one, a form with several, or numbers as JSON. No path or address is followed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import numpy as np
import orjson

from featurelens.scripts.serving.answers.picture_header import KINDS
from featurelens.scripts.serving.answers.pixels import BadPicture, ModelPicture, PictureReader
from featurelens.scripts.serving.web.exchanges import Refusal
from featurelens.scripts.serving.web.multipart import parts_of

_AT_ONCE = 64 * 1024  # bytes up to which decoding does not hold up the other connections
Sent = ModelPicture | BadPicture


async def pictures_of(content_type: bytes, body: bytes, reader: PictureReader, most: int) -> list[Sent]:
    """The pictures, with an error in the place of each that is none.

    Args:
        content_type: The header.
        body: The whole body.
        reader: How pictures become the model's.
        most: Pictures at most.

    Raises:
        Refusal: The body as a whole is not what the header says, or holds none or too many.
    """
    if len(body) <= _AT_ONCE:
        return _pictures(content_type, body, reader, most)
    return await asyncio.to_thread(_pictures, content_type, body, reader, most)


def _pictures(content_type: bytes, body: bytes, reader: PictureReader, most: int) -> list[Sent]:
    kind = content_type.partition(b";")[0].strip().lower()
    if kind.decode("latin-1") in KINDS or kind in (b"application/octet-stream", b""):
        return [_tried(reader.picture, body)]
    if kind == b"multipart/form-data":
        try:
            parts = parts_of(content_type, body, most)
        except ValueError as error:
            raise Refusal(400, str(error)) from None
        if not parts:
            raise Refusal(422, "Expected a picture in the form. Received an empty one. Add a file.")
        return [_tried(reader.picture, part.content) for part in parts]
    if kind == b"application/json":
        return [_tried(reader.numbers, numbers) for numbers in _arrays(json_of(body), reader, most)]
    known = ", ".join((*KINDS, "application/octet-stream", "multipart/form-data", "application/json"))
    curl = "; with curl: -H 'content-type: image/png'" if kind == b"application/x-www-form-urlencoded" else ""
    raise Refusal(
        415, f"Expected a Content-Type out of {known}. Received another one. Send a picture as one of these{curl}."
    )


def json_of(body: bytes) -> Any:
    """The body as JSON.

    Raises:
        Refusal: It is not.
    """
    try:
        return orjson.loads(body)
    except ValueError:
        raise Refusal(
            400, "Expected JSON with finite numbers. Received something else. Send it whole, as UTF-8."
        ) from None


def _tried(read: Callable[[Any], ModelPicture], given: Any) -> Sent:
    try:
        return read(given)
    except BadPicture as error:
        return error
    except ValueError as error:
        return BadPicture(str(error))


def _arrays(given: Any, reader: PictureReader, most: int) -> list[np.ndarray]:
    """The numbers of each picture: of `{"images": ...}` or a bare list; one picture, or a list of pictures."""
    if isinstance(given, dict):
        given = given.get("images")
    if not isinstance(given, list) or not given:
        raise Refusal(
            422,
            f'Expected {{"images": [...]}} with numbers of shape {reader.words}. Received something else. Send that.',
        )
    try:
        array = np.asarray(given, dtype=np.float64)
    except (ValueError, TypeError, OverflowError):
        raise Refusal(
            422, f"Expected numbers of shape {reader.words}, all pictures alike. Received others. Send such."
        ) from None
    alone = array[np.newaxis] if _is_one(array, reader) else array
    if alone.ndim < 3 or len(alone) > most:
        raise Refusal(
            422, f"Expected 1 to {most} pictures of shape {reader.words}. Received {list(array.shape)}. Send such."
        )
    return list(alone)


def _is_one(array: np.ndarray, reader: PictureReader) -> bool:
    """Whether the array is one picture, not a list of them."""
    height, width, channels = reader.shape
    if array.ndim != 3:
        return array.ndim < 3
    fits = (height or array.shape[0], width or array.shape[1], channels) == array.shape
    return fits or array.shape[2] == channels != width
