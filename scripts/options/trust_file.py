"""Find what `featurelens trust` measured of a model, for its report."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from featurelens.models.datasets.dataset import Dataset
    from featurelens.reports.evidence.trust import TrustFile


def trust_on_file(
    named: Path | None, images: int | None, model: str, loaded: Any, dataset: Dataset
) -> TrustFile | None:
    """The file that was named, or else the one beside the model where it is of these images; None for neither.

    Args:
        named: The file that the user asked for; whether it fits is for the report to say.
        images: How many images the user wants to have measured anew; then nothing on file is looked for.
        model: A shipped name or a path.
        loaded: The model.
        dataset: The images that the report is about.

    Raises:
        ValueError: A file is not one of `featurelens trust`, or both a file and a number of images are given.
    """
    from featurelens.interpret import inspect_model
    from featurelens.interpret.tracing.proof import PROOF_IMAGES
    from featurelens.models.model_files.loading import model_path
    from featurelens.reports.evidence.trust import misfit
    from featurelens.reports.files.trust_file import read_trust, trust_path

    if named is not None and images is not None:
        raise ValueError(
            "Expected either what was measured (--trust) or how to measure it anew (--trust-images, --trust-budget). "
            "Received both. Leave one of them out."
        )
    if named is not None:
        return read_trust(named)
    beside = trust_path(model_path(model))
    if images is not None or not beside.is_file():
        return None
    found, cam_layer = read_trust(beside), inspect_model(loaded, dataset.images[:PROOF_IMAGES]).cam_layer
    return None if misfit(found, loaded, dataset.images, cam_layer) else found
