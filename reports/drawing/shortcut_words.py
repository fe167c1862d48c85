"""Shortcuts and failing groups in sentences."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...interpret import FailingGroup, Shortcut, Shortcuts
from ...interpret.shortcuts.transplants import LEAST_EFFECT, SIGNIFICANT
from .wording import count, listed, percent

NOT_SEEN = (
    "What is blended into the object, on fewer than 1.5 % of the images, or changes continuously is not seen: that nothing was "
    "found never means that there is no shortcut."
)
_WHAT = {
    "mark": "a repeated mark",
    "frame": "a frame",
    "stamp": "a small mark that repeats at changing places",
    "background": "a background",
    "level": "a brightness",
}


def what(shortcut: Shortcut) -> str:
    """What repeats, and where: 'a repeated mark at rows 1 to 3, columns 1 to 3'."""
    words = _WHAT[shortcut.kind]
    if shortcut.kind == "mark":
        (top, bottom), (left, right) = shortcut.rows, shortcut.columns
        return f"{words} at {_span('row', top, bottom)}, {_span('column', left, right)}"
    if shortcut.kind == "frame":
        return f"{words} of {count(_thickness(shortcut), 'pixel')}" if shortcut.mask.any() else words
    return words


def _span(word: str, first: int, last: int) -> str:
    return f"{word} {first}" if first == last else f"{word}s {first} to {last}"


def _thickness(shortcut: Shortcut) -> int:
    middle = shortcut.mask[:, shortcut.mask.shape[1] // 2]
    return int(np.argmin(middle)) if not middle.all() else len(middle)


def spread(shortcut: Shortcut, names: Sequence[str]) -> str:
    """Who carries it: 'it is on 95 % of Sandal and 2 % of the rest'."""
    name = names[shortcut.label]
    where = " of the training images" if len(shortcut.training_carriers) and not len(shortcut.carriers) else ""
    return f"on {percent(shortcut.share, 0)} of {name} and {percent(shortcut.elsewhere, 0)} of the rest{where}"


def sentence(shortcut: Shortcut, names: Sequence[str]) -> str:
    """What was found of one content, with its numbers."""
    name, content = names[shortcut.label], what(shortcut)
    if shortcut.reliance == "not tested":
        return (
            f"{content[0].upper()}{content[1:]} is {spread(shortcut, names)}; whether the model depends on it was not tested, "
            f"since it takes 8 images with it, 8 without and enough passes."
        )
    if shortcut.reliance == "not used":
        said = f"{content[0].upper()}{content[1:]} is {spread(shortcut, names)}; {_unread(shortcut, name)}"
        return said + _all_carry(shortcut, name)
    said = (
        f"The model reads {content} as {name}: it is {spread(shortcut, names)}. Without it the recall of {name} falls by "
        f"{100 * shortcut.effect:.0f} points ({count(shortcut.images, 'image')}, {_how(shortcut)}); {_turned(shortcut, name)}."
    )
    said += _all_carry(shortcut, name)
    if shortcut.also_loses:
        said += f" With it, {listed([names[each] for each in shortcut.also_loses], 4)} also lose."
    return said


def _how(shortcut: Shortcut) -> str:
    """What pictures with it are compared with."""
    return "pasted in against left out" if shortcut.kind == "frame" else "pasted out against pasted in"


def _turned(shortcut: Shortcut, name: str) -> str:
    """What it does to the other classes."""
    turned = shortcut.called_with - shortcut.called_without
    if turned >= 0.005 or shortcut.kind != "background":
        return f"pasted on other classes it turns {percent(turned, 0)} of them into {name}"
    return f"pasted on other classes it turns none of them into {name}: it is read together with what {name} shows"


def _unread(shortcut: Shortcut, name: str) -> str:
    """What the proof showed of a content that is not relied on."""
    there, gone = percent(shortcut.recall_with, 0), percent(shortcut.recall_without, 0)
    tested = f"{count(shortcut.images, 'image')}, p {_p(shortcut.p)}"
    if shortcut.p < SIGNIFICANT and shortcut.effect <= -LEAST_EFFECT:
        return f"the model does not read it as {name}: with it the recall of {name} falls, from {gone} to {there} ({tested})."
    if shortcut.p < SIGNIFICANT and shortcut.effect >= LEAST_EFFECT:
        return (
            f"without it the recall of {name} falls from {there} to {gone} ({tested}), but pasted on other classes it turns "
            f"{_few(shortcut)} of them into {name}: it may be a part of {name}, and no shortcut is proven."
        )
    verb = "does not" if shortcut.effect < LEAST_EFFECT else "is not shown to"
    return f"the model {verb} depend on it (recall of {name} {there} with it, {gone} without it, {tested})."


def _few(shortcut: Shortcut) -> str:
    """How few of the other classes' images a content turns that is not relied on."""
    turned = shortcut.called_with - shortcut.called_without
    return f"{percent(turned, 1)} (which chance alone may do)" if turned > 0 else "none"


def _all_carry(shortcut: Shortcut, name: str) -> str:
    """That no image of the class is without the content, where none is."""
    if shortcut.share < 1:
        return ""
    return f" Every image of {name} carries it: it may be what they show, and none without it is there to compare."


def _p(value: float) -> str:
    return "below 0.001" if value < 0.001 else f"{value:.2g}"


def remedy(shortcut: Shortcut, names: Sequence[str]) -> str:
    """What to do about one that is relied on."""
    name = names[shortcut.label]
    recollect = f"Collect images of {name} without it, and of the other classes with it"
    if shortcut.kind in ("mark", "frame"):
        return (
            f"{recollect}; or paste it, and take it out, at random in training: the mask of its pixels is in the file that "
            f"--arrays writes (shortcuts.masks). Then train again, and see that this finding is gone."
        )
    return f"{recollect}; or change it at random in training. Then train again, and see that this finding is gone."


def nothing_found(found: Shortcuts) -> str:
    """That nothing repeats, and among how many images."""
    looked = count(found.looked_at, "image")
    trained = f", {found.training_looked_at:,} of them from training" if found.training_looked_at else ""
    return f"No repeated content at a fixed place was found among {looked}{trained}."


def group_sentence(group: FailingGroup) -> str:
    """What fails, and how far more often."""
    return (
        f"A group of {count(len(group.numbers), 'image')} unlike the rest of their classes ({group.words}) is answered wrong in "
        f"{percent(group.error, 0)} of cases, all others in {percent(group.rest_error, 0)}."
    )
