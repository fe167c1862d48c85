"""What a report is asked for: how thoroughly it looks, and at which images that are sampled."""

from __future__ import annotations

from dataclasses import dataclass

from .trust import TRUST_IMAGES, TrustFile


@dataclass(frozen=True, eq=False)
class ReportPlan:
    """The settings of a report that change what is computed."""

    batch_size: int | None = None  # images at a time; None: as many as fit a few megabytes
    trust_images: int = TRUST_IMAGES  # that the trust in the maps is measured on, at most; 0 measures none
    trust_file: TrustFile | None = None  # the trust as `featurelens trust` measured it, taken instead
    trust_budget: int | None = None  # passes forward and backward for that; None: by the images' size
    compared_images: int = 3000  # whose nearest neighbours are looked for: all 10,000 would take eleven times as long
    seed: int = 0  # of all images that are sampled, but for a trust that was measured beforehand
