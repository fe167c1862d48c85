"""A WAV file as values from -1 to 1, by Python's own reader: 16 bits as `tf.audio.decode_wav` has them."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from ...file_limits import require_regular_file

ENDINGS = (".wav", ".wave")


def read_wav(path: Path) -> tuple[np.ndarray, int]:
    """The values float32[L,C], -1 to 1, and the rate in values a second.

    Raises:
        ValueError: It is no WAV file of whole numbers, or not whole.
    """
    require_regular_file(path)
    try:
        with wave.open(str(path), "rb") as file:
            channels, width, rate, frames = file.getparams()[:4]
            raw = file.readframes(frames)
    except (wave.Error, EOFError, RuntimeError) as error:
        told = str(error) or "an end before it was due"
        raise ValueError(
            f"Expected a WAV file of whole numbers (PCM) at '{path}'. Received '{told}'. Save it so, for example by "
            f"`ffmpeg -i FILE -c:a pcm_s16le out.wav`."
        ) from error
    if len(raw) != frames * channels * width or not frames:
        raise ValueError(
            f"Expected {frames:,} frames in '{path}', as its header says. Received {len(raw) // (channels * width):,}. Check "
            f"that the file is whole."
        )
    return _values(raw, width).reshape(-1, channels), rate


def _values(raw: bytes, width: int) -> np.ndarray:
    """Samples of 1 to 4 bytes as float32; those of one byte are counted from 0, with silence at 128."""
    if width == 1:
        return (np.frombuffer(raw, np.uint8).astype(np.float32) - 128) / 128
    bytes_ = np.frombuffer(raw, np.uint8).reshape(-1, width)
    wide = np.zeros((len(bytes_), 4), np.uint8)
    wide[:, 4 - width :] = bytes_  # the sign lies in the last byte
    return (wide.view("<i4")[:, 0] / 2**31).astype(np.float32)
