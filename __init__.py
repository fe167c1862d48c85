"""What every layer of a trained Keras CNN sees, why it decided as it did, and how far each picture can be trusted.

=======================  ===========================================================================================
`featurelens.interpret`  any Keras model and images in, arrays out: activations, maps of evidence, how far to trust them
`featurelens.models`     data sets, architectures, training, evaluation, and the trained models that ship
`featurelens.reports`    a model and its images in, one HTML file out
=======================  ===========================================================================================

Each is imported when it is first used, so that `import featurelens` alone is instant. The same in a terminal is the
command `featurelens`, or `python -m featurelens`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from featurelens import interpret, models, reports

__all__ = ["interpret", "models", "reports"]
__version__: str  # of the installed package


def __getattr__(name: str) -> Any:
    """Import a subpackage, or look up the version, when it is first asked for."""
    if name == "__version__":
        from importlib.metadata import version

        return version("featurelens")
    if name in __all__:
        return importlib.import_module(f"featurelens.{name}")
    raise AttributeError(
        f"module 'featurelens' has no attribute {name!r}. It has {', '.join(__all__)} and __version__."
    )


def __dir__() -> list[str]:
    """Name the subpackages too, before they are imported."""
    return sorted({*globals(), *__all__, "__version__"})
