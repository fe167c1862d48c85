"""What holds for all tests: the package is the installed one, and OpenCV loads.

The clone is a package too, so pytest puts the folder above it first on the path; by then the installed one is imported.
"""

import gc
import random

import matplotlib.font_manager  # noqa: F401 - the list of fonts is made before there are several processes, and by no test
import numpy as np
import pytest
from playwright.sync_api import expect

from featurelens.models.opencv import opencv

LONGEST = (  # of files; begun first, or one process would wait for the other at the end
    "test_main_job",
    "test_lessons",
    "test_live_page",
    "test_five_lines",
    "test_train_command",
    "test_trust_command",
    "test_model_options",
    "test_gallery",
)
gc.disable()  # until all is imported
random.seed(0)  # for models that are made while tests are collected
expect.set_options(timeout=60_000)  # milliseconds: a machine may stand still for some of them
opencv()  # fails once, with the remedy, in the place of an error for each file


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; the others as they come."""
    items.sort(key=lambda item: item.path.stem not in LONGEST)


def pytest_collection_finish() -> None:
    """What is imported by now lives until the end: the garbage collector need not look through it again and again."""
    gc.collect()
    gc.freeze()
    gc.enable()
    gc.set_threshold(5_000, 20, 20)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup() -> None:
    """Nothing is drawn by chance: a seed that is not named Keras takes from Python's numbers, others from NumPy's."""
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002
