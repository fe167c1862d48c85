"""The package that is tested is the installed one.

The clone is a package too, so pytest puts the folder above it first on the path; by then the installed one is imported.
"""

import featurelens  # noqa: F401
