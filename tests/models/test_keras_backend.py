"""Keras starts without the packages that none of its parts here needs, and gives those parts to whoever asks."""

from __future__ import annotations

import subprocess
import sys

_SCRIPT = """
import gc, sys
from featurelens.models.keras_backend import keras_on_tensorflow
keras = keras_on_tensorflow()
print(sorted({"sklearn", "scipy.stats", "matplotlib.pyplot", "pandas"} & set(sys.modules)))
print(keras.wrappers.SKLearnClassifier.__name__, keras.visualization.plot_image_gallery.__name__)
print(any(type(finder).__name__ == "_WhenUsed" for finder in sys.meta_path), gc.isenabled())
"""


def test_parts_that_import_much_wait_for_their_first_use() -> None:
    ended = subprocess.run([sys.executable, "-c", _SCRIPT], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines() == ["[]", "SKLearnClassifier plot_image_gallery", "False True"]
