"""How far the maps of each compared model can be trusted."""

from __future__ import annotations

from markupsafe import Markup, escape

from .compared_maps import COMPARED_MAPS
from .comparison_evidence import Comparison
from .components import table
from .trust_marks import anchor
from .trust_table import VERDICT_CAPTION, VERDICT_COLUMNS, verdict_cells


def compared_trust(found: Comparison) -> list[Markup]:
    """What was tested and each model's verdicts; nothing where it was not measured."""
    tested = [model.maps.trust for model in found.models if model.maps.trust is not None]
    if not tested:
        return []
    images, total = max(each.images for each in tested[0].methods.values()), tested[0].total
    told = Markup(
        "<p>Whether such maps can be believed differs from model to model. Each model’s were tested on {}, for the class "
        "that it predicts: the pixels that a map names first are removed, or added to a blank, and the probability should "
        "fall, or rise, faster than in a random order and in the order of brightness; and a map should not stay as it is "
        "once the weights are shuffled. The mark beside each map is its model’s verdict.</p>"
    ).format(f"all {images:,} images" if images >= total else f"{images:,} of the {total:,} images, the same for all")
    rows = [
        (Markup('<span id="{}">{}</span>').format(anchor(method, str(place)), breaking(model.name)), method, *cells)
        for method in COMPARED_MAPS
        for place, model in enumerate(found.models)
        if method in model.maps.verdicts
        for cells in [verdict_cells(model.maps.verdicts[method])]
    ]
    return [told, table(["Model", "Map", *VERDICT_COLUMNS], rows, caption=VERDICT_CAPTION)]


def breaking(name: str) -> Markup:
    """A name that may go on in the next line after each underscore."""
    return escape(name).replace("_", Markup("_<wbr>"))
