"""What holds for all tests: the package is the installed one, and OpenCV loads.

The clone is a package too, so pytest puts the folder above it first on the path; by then the installed one is imported.
"""

import gc

import matplotlib.font_manager  # noqa: F401 - the list of fonts is made before there are several processes, and by no test
from playwright.sync_api import expect

from featurelens.models.opencv import opencv

gc.disable()  # until all is imported
expect.set_options(timeout=60_000)  # milliseconds: a machine may stand still for some of them
opencv()  # fails once, with the remedy, in the place of an error for each file


def pytest_collection_finish() -> None:
    """What is imported by now lives until the end: the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(5_000, 20, 20)
