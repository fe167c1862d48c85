"""The proof of the logits: `head(logits)` must be what the model itself answers.

Made once per model and state: a second program of the same model, unchanged since, is spared it. At most four images are
run, through the program whose logits are proven and through the model itself, called in a graph of its own in which no
layer is tapped (called eagerly, Keras would keep every layer's output). One of them is also run alone: an answer that
depends on the other images of its batch has no map of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np

from ..graph.answer_range import SLACK
from ..graph.head import CLASSES, LINEAR, LOG_SOFTMAX, SIGMOID, SOFTMAX, Head
from ..graph.state.model_state import Structure, weights_digest
from .inputs import InputForm

if TYPE_CHECKING:
    from .traced_model import TracedModel

PROOF_IMAGES = 4
_STRESSES = (-10, 10, 100)  # factors of the pixels
_TOLERANCE = {"float32": 1e-4, "float16": 5e-3, "bfloat16": 4e-2}  # a deep model's rounding differs between runs
_ROUNDED_AWAY = 0.25  # of the largest answer: how far rounding to 16 bits may move it

Answer = Callable[[list[np.ndarray]], np.ndarray]  # flat inputs -> float[B, ...]


@dataclass(frozen=True, eq=False)
class Proof:
    """What was found when the logits were compared with the model's answer."""

    error: float  # largest |head(logits) - model(x)| seen
    images: int  # on so many images
    seen_within_0_and_1: bool  # whether all answers lie in 0..1
    stay_within_0_and_1: (
        bool  # whether they do for the images made brighter, and negative, too; asked of a bounded head
    )


_proven: WeakKeyDictionary[Any, dict[object, tuple[object, Proof]]] = (
    WeakKeyDictionary()
)  # {model: {what: (state, proof)}}


def prove(traced: TracedModel, form: InputForm, flat: list[np.ndarray], made: Answer, head: Head | None) -> Proof:
    """The proof of a model as it is now: an earlier one on as many images, or one on these.

    Args:
        traced: The model.
        form: The form of its inputs.
        flat: Its inputs, checked; the first four images are looked at.
        made: The answer as the program has it: head(logits).
        head: The head that was found; None for a model that answers no score per class.

    Raises:
        ValueError: The two differ, or the answer to an image depends on the other images of its batch.
    """
    what = (form.key, traced.output, traced.fold, *((head.kind, head.task) if head is not None else ()))
    state = Structure(traced.model).digest(), weights_digest(traced.model)
    earlier, proof = _proven.setdefault(traced.model, {}).get(what, (None, None))
    if proof is None or earlier != state or proof.images < min(PROOF_IMAGES, len(flat[0])):
        proof = _proof(traced, form, [array[:PROOF_IMAGES] for array in flat], made, head)
        _proven[traced.model][what] = state, proof
    return proof


def _proof(traced: TracedModel, form: InputForm, few: list[np.ndarray], made: Answer, head: Head | None) -> Proof:
    expected = traced.answer(form, few)
    _refuse_what_is_no_number(traced, expected)
    largest = float(np.abs(expected).max())
    allowed = tolerance(traced.model) * max(1.0, largest)
    traced_answer = made(few)
    own = traced_answer if not traced.half_types else _as_computed(traced, form, few, head)
    error = max(_apart(own, expected), _apart(traced.answer(form, few, after=1), expected))
    if not error <= allowed:
        raise ValueError(
            f"Expected {_claim(head)} to equal what model {traced.name!r} answers, to {allowed:.1e}. "
            f"They differ by {error:.3g} (largest answer {largest:.3g}). The model does something "
            f"that varies between calls or that the trace does not see; no map of it would be true. "
            f"Make its call() deterministic with training=False."
        )
    _refuse_dependence(traced, form, few, expected, allowed)
    error = max(error, _rounded_away(traced, traced_answer, expected))
    if head is not None and head.kind == LINEAR and head.task == CLASSES and head.bounded:
        _refuse_shares_of_another_whole(traced, form, few, expected)
    within = _is_within(expected)
    return Proof(
        error, len(expected), within, within and head is not None and head.bounded and _stays_within(traced, form, few)
    )


def _refuse_what_is_no_number(traced: TracedModel, answers: np.ndarray) -> None:
    if np.isfinite(answers).all():
        return
    ends = " It computes in float16, which ends at 65,504." if "float16" in traced.half_types else ""
    raise ValueError(
        f"Expected answers that are finite numbers. Model {traced.name!r} answers NaN or infinity to images of the proof.{ends} "
        f"Look at its weights and at the range of the images; no map of it would mean anything."
    )


def _as_computed(traced: TracedModel, form: InputForm, few: list[np.ndarray], head: Head | None) -> np.ndarray:
    """What follows from the scores of a model of 16 bits where it is traced in its own precision."""
    scores = traced.answer(form, few, scores=True)
    return scores if head is None else head.answer(scores)


def _rounded_away(traced: TracedModel, precise: np.ndarray, own: np.ndarray) -> float:
    """How far a model's own answers are from those in float32, which are explained; 0 where it computes in these.

    Raises:
        ValueError: Its rounding makes another model of it.
    """
    apart = _apart(precise, own) if traced.half_types else 0.0
    allowed = _ROUNDED_AWAY * max(1.0, float(np.abs(own).max()))
    if not apart <= allowed:
        types = " and ".join(traced.half_types)
        raise ValueError(
            f"Expected model {traced.name!r} to answer in {types} much as in float32 with the same weights, to {allowed:.1e}. "
            f"The answers differ by {apart:.3g}: they follow from its rounding. Build it in float32 with the same weights, and "
            f"see what it answers."
        )
    return apart


def _refuse_shares_of_another_whole(
    traced: TracedModel, form: InputForm, few: list[np.ndarray], expected: np.ndarray
) -> None:
    """Refuse percentages: their softmax would be told as probabilities. They sum to one number whatever the image shows."""
    brighter = traced.answer(form, [_times(array, _STRESSES[1]) for array in few])
    both = np.concatenate([expected, brighter])
    totals, is_varied = both.sum(axis=1), float(np.ptp(both, axis=0).max()) > 1e-3 * float(np.abs(both).max())
    whole = float(totals.mean())
    is_share = both.shape[1] > 1 and is_varied and both.min() >= 0 and float(np.ptp(totals)) <= 1e-4 * whole
    if is_share and abs(whole - 1) > SLACK:
        raise ValueError(
            f"Expected logits or probabilities. Model {traced.name!r} answers {both.shape[1]} numbers that are at least 0 and "
            f"sum to {whole:.4g} for every image, as percentages do. Let the model end in its softmax, without a factor."
        )


def _claim(head: Head | None) -> str:
    if head is None:
        return "the model with its layers tapped"
    return f"{head.kind}(logits)" if head.kind in (SOFTMAX, LOG_SOFTMAX, SIGMOID) else "the score that was traced"


def _refuse_dependence(
    traced: TracedModel, form: InputForm, few: list[np.ndarray], expected: np.ndarray, allowed: float
) -> None:
    """Refuse a model that answers something else to an image alone than to the same image among others."""
    first = [array[:1] for array in few]
    if len(expected) == 1:  # an image of nothing for company
        expected = traced.answer(form, [np.concatenate([array, np.zeros_like(array)]) for array in few])
        alone = traced.answer(form, first)
    else:
        alone = traced.answer(form, first)
    error = _apart(alone[:1], expected[:1])
    if not error <= allowed:
        raise ValueError(
            f"Expected model {traced.name!r} to answer an image alone as in a batch, to {allowed:.1e}. The answers differ "
            f"by {error:.3g}: each depends on the other images of its batch (batch normalisation that runs in training "
            f"mode, or a mean over the batch), so a map would too. Pass training=False to the layer that does it, or "
            f"let it work on each image alone."
        )


def _stays_within(traced: TracedModel, form: InputForm, few: list[np.ndarray]) -> bool:
    """Whether the answers stay in 0..1 far from the images: a logit grows without a bound, a probability does not."""
    return all(_is_within(traced.answer(form, [_times(array, by) for array in few])) for by in _STRESSES)


def _times(array: np.ndarray, factor: int) -> np.ndarray:
    return array * array.dtype.type(factor) if array.dtype.kind == "f" else array


def _is_within(answers: np.ndarray) -> bool:
    return bool((answers >= -SLACK).all() and (answers <= 1 + SLACK).all())


def _apart(one: np.ndarray, other: np.ndarray) -> float:
    return float(np.abs(one - other).max())


def tolerance(model: Any) -> float:
    """How far two runs of a model may differ by rounding, as a share of the largest answer."""
    dtypes = {getattr(layer, "compute_dtype", "float32") for layer in [model, *model._flatten_layers()]}
    return max(_TOLERANCE.get(str(dtype), _TOLERANCE["float32"]) for dtype in dtypes)
