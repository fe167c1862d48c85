"""What the model is made of, and how well its logits are proven."""

from __future__ import annotations

from dataclasses import dataclass

from ...interpret import ModelInformation
from .seen import Seen


@dataclass(frozen=True, eq=False)
class ModelEvidence:
    """The model's layers, and the images as they reached it."""

    information: ModelInformation
    logit_error: float  # largest |head(logits) - model(x)| seen, in the proof and in the pass over all images
    folded: int  # batch normalisations that were folded into the convolution before them in the pass over all images
    lowest: float  # pixel value seen
    highest: float


def gather_model(seen: Seen) -> ModelEvidence:
    """Inspect the model; the proof is repeated on the first images of the pass."""
    return ModelEvidence(
        information=seen.information,
        logit_error=max(seen.information.logit_error, seen.survey.logit_error),
        folded=seen.survey.folded,
        lowest=seen.exploration.lowest,
        highest=seen.exploration.highest,
    )
