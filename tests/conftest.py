"""What holds for all tests: the package is the installed one, and OpenCV loads.

The clone is a package too, so pytest puts the folder above it first on the path; by then the installed one is imported.
"""

from featurelens.models.opencv import opencv

opencv()  # fails once, with the remedy, in the place of an error for each file
