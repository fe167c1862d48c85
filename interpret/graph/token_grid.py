"""Which tokens of a transformer are which places of the picture, and which have no place (a class token, registers).

Read from the traced graph: the tokens [B,T,C] come from a map [B,h,w,C] by a reshape; where there are more of them than places,
a concatenation or a padding along the axis of tokens tells how many stand before the first place.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .ways import follows_from, leads_to

_PICKING = ("StridedSlice", "Slice", "GatherV2", "Unpack", "Split", "SplitV")


def token_grid(tokens: Any, maps: Sequence[Any], image: Any) -> tuple[tuple[int, int], int] | None:
    """((rows, columns) of the places, token of the first place) of tokens [B,T,C]; None where nothing tells them.

    Args:
        tokens: tf.Tensor [B,T,C], T known.
        maps: The maps [B,h,w,C] that layers put out, in order of execution.
        image: tf.Tensor, the model's input.
    """
    count, before = tokens.shape[1], leads_to([tokens])
    for each in reversed(list(maps)):
        height, width = each.shape[1:3]
        if each.op not in before or height is None or width is None or not 1 < height * width <= count:
            continue
        first = 0 if height * width == count else _first_place(tokens, height * width, before & follows_from(image))
        return None if first is None else ((height, width), first)
    return None


def reads_single_tokens(tokens: Any, ends: Sequence[Any]) -> bool:
    """Whether some tokens are picked out of [B,T,C] on the way to the ends, as a class token is."""
    for op in follows_from(tokens) & leads_to(ends):
        if op.type in _PICKING and op.inputs:
            given, made = op.inputs[0].shape, op.outputs[0].shape
            if given.rank == 3 and given[1] == tokens.shape[1] and (made.rank != 3 or made[1] != given[1]):
                return True
    return False


def _first_place(tokens: Any, places: int, ways: set[Any]) -> int | None:
    """How many tokens stand before the places, by the operation that added them."""
    found = []
    for op in ways:
        made = op.outputs[0].shape if op.outputs else None
        if made is None or made.rank != 3 or made[1] != tokens.shape[1]:
            continue
        if op.type == "ConcatV2":
            found.append(_before_in_concatenation(op, places, ways))
        elif op.type in ("Pad", "PadV2"):
            found.append(_before_in_padding(op, places))
    told = {each for each in found if each is not None}
    return told.pop() if len(told) == 1 else None


def _before_in_concatenation(op: Any, places: int, ways: set[Any]) -> int | None:
    sizes = [each.shape[1] if each.shape.rank == 3 else None for each in op.inputs[:-1]]
    placed = [at for at, each in enumerate(op.inputs[:-1]) if each.op in ways and sizes[at] == places]
    if len(placed) != 1 or None in sizes[: placed[0]]:
        return None
    return sum(size for size in sizes[: placed[0]] if size is not None)


def _before_in_padding(op: Any, places: int) -> int | None:
    import tensorflow as tf

    added = tf.get_static_value(op.inputs[1])
    return int(added[1][0]) if added is not None and op.inputs[0].shape[1] == places else None
