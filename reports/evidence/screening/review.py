"""What a person said of single mistakes: the file that the page exports, and its sum.

    {"format": "featurelens review", "version": 1,
     "model": SHA-256 of the model's weights, as `about.weights` of the report's figures,
     "images": {"9074": {"verdict": "wrong reason", "comment": "looks at the collar"}}}

A verdict is 'right reason', 'wrong reason' or 'wrong label'; a comment is text of up to 2,000 letters, and may be missing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ....models.known_names import unknown_name

FORMAT, VERSION = "featurelens review", 1
RIGHT, WRONG, LABEL = VERDICTS = ("right reason", "wrong reason", "wrong label")
MOST_LETTERS = 2000
_MOST_BYTES = 20_000_000


@dataclass(frozen=True)
class Review:
    """One file."""

    model: str  # SHA-256 of the weights that it is about
    verdicts: dict[int, str]  # {image: one of VERDICTS}
    comments: dict[int, str]  # {image: what was written}; without empty ones


@dataclass(frozen=True, eq=False)
class ReviewedPair:
    """The verdicts on one confusion."""

    true: int
    predicted: int
    counts: np.ndarray  # int64[3], by VERDICTS


@dataclass(frozen=True, eq=False)
class ReviewEvidence:
    """What was said, over all."""

    numbers: np.ndarray  # int64[N], the images reviewed, rising
    true: np.ndarray  # int64[N]
    predicted: np.ndarray  # int64[N]
    verdicts: np.ndarray  # int64[N], places in VERDICTS
    comments: tuple[str, ...]  # [N]
    counts: np.ndarray  # int64[3], by VERDICTS
    pairs: tuple[ReviewedPair, ...]  # the confusions reviewed most first; right answers too
    mistakes: int  # in all
    reviewed: int  # mistakes among the images reviewed
    accuracy_relabelled: float  # 0..1, were the labels called wrong all to be what the model answered
    suspected: int  # labels called wrong that the screening suspects too


def read_review(path: Path) -> Review:
    """Read what the page exported.

    Raises:
        ValueError: There is no such file, or a part of it is wrong; the message names the image.
    """
    expected = f"Expected a review exported from a report, version {VERSION}, at '{path}'"
    remedy = "Export it again from the page."
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ValueError(f"{expected}. Received a file of {path.stat().st_size / 1e6:.0f} MB. {remedy}")
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{expected}. It cannot be read: {error.strerror}. {remedy}") from error
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{expected}. Received a file that is not JSON ({error}). {remedy}") from error
    if not isinstance(content, dict) or (content.get("format"), content.get("version")) != (FORMAT, VERSION):
        raise ValueError(f"{expected}. Received JSON of another kind or version. {remedy}")
    if not isinstance(content.get("model"), str) or not isinstance(content.get("images"), dict):
        raise ValueError(f"{expected}. Received one without its model or its images. {remedy}")
    entries = {_number(name, expected): _entry(name, each, expected) for name, each in content["images"].items()}
    verdicts = {number: verdict for number, (verdict, _) in entries.items()}
    return Review(content["model"], verdicts, {number: said for number, (_, said) in entries.items() if said})


def _number(name: str, expected: str) -> int:
    if not (name.isascii() and name.isdigit()) or str(int(name)) != name:
        raise ValueError(f"{expected}. Received the image {name!r:.40}. Name images by their numbers, from 0.")
    return int(name)


def _entry(name: str, entry: Any, expected: str) -> tuple[str, str]:
    if not isinstance(entry, Mapping) or not isinstance(entry.get("verdict"), str):
        raise ValueError(f"{expected}. Received image {name} without a verdict. Give it one: {', '.join(VERDICTS)}.")
    if entry["verdict"] not in VERDICTS:
        raise unknown_name("verdict", entry["verdict"][:40], VERDICTS, f"Correct image {name}.")
    comment = entry.get("comment", "")
    if not isinstance(comment, str) or len(comment) > MOST_LETTERS:
        raise ValueError(
            f"{expected}. Received a comment on image {name} that is no text of up to {MOST_LETTERS} letters. Shorten it."
        )
    return entry["verdict"], comment.strip()


def require_fit(review: Review, weights: str, images: int) -> None:
    """Refuse a review of another model, or of images that are not there.

    Raises:
        ValueError: It is one.
    """
    if review.model != weights:
        raise ValueError(
            f"Expected a review of this model. Received one of other weights ({review.model[:12]}…, here {weights[:12]}…). "
            f"Name the review that was exported from a report of this model."
        )
    beyond = [number for number in review.verdicts if number >= images]
    if beyond:
        raise ValueError(
            f"Expected a review of these {images:,} images. Received one of image {min(beyond)}. Name the data that it was "
            f"made on."
        )


def sum_of(
    review: Review, labels: np.ndarray, predictions: np.ndarray, suspects: np.ndarray | None = None
) -> ReviewEvidence:
    """Sum a review up.

    Args:
        review: One that fits.
        labels: int64[B].
        predictions: int64[B].
        suspects: int64[N], images whose label is suspected; None where that is not known.
    """
    numbers = np.array(sorted(review.verdicts), np.int64)
    verdicts = np.array([VERDICTS.index(review.verdicts[number]) for number in numbers.tolist()], np.int64)
    wrong_label = numbers[verdicts == VERDICTS.index(LABEL)]
    right = labels == predictions
    relabelled = right.copy()
    relabelled[wrong_label] = True
    return ReviewEvidence(
        numbers=numbers,
        true=labels[numbers],
        predicted=predictions[numbers],
        verdicts=verdicts,
        comments=tuple(review.comments.get(number, "") for number in numbers.tolist()),
        counts=np.bincount(verdicts, minlength=3).astype(np.int64),
        pairs=_pairs(labels[numbers], predictions[numbers], verdicts),
        mistakes=int((~right).sum()),
        reviewed=int((~right[numbers]).sum()),
        accuracy_relabelled=float(relabelled.mean()),
        suspected=0 if suspects is None else int(np.isin(wrong_label, suspects).sum()),
    )


def _pairs(true: np.ndarray, predicted: np.ndarray, verdicts: np.ndarray) -> tuple[ReviewedPair, ...]:
    pairs = sorted(set(zip(true.tolist(), predicted.tolist(), strict=True)))
    found = [
        ReviewedPair(
            one, other, np.bincount(verdicts[(true == one) & (predicted == other)], minlength=3).astype(np.int64)
        )
        for one, other in pairs
    ]
    return tuple(sorted(found, key=lambda each: -int(each.counts.sum())))
