"""Five lessons on what a classifier sees, and the checks of their exercises.

`featurelens course FOLDER` writes the notebooks. In one of them:

    from featurelens.course import check, images_for
    check("1.1", accuracy, labels=labels, predictions=predictions)

checks       Is an answer right, and if not, what is missing?
exercises    Which exercises are there, and what does each ask?
notebooks    How do the lessons become notebooks for students, and for teachers?
"""

from __future__ import annotations

from .checks import check
from .notebooks import images_for

__all__ = ["check", "images_for"]
