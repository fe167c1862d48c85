"""The command line as a module: `python -m featurelens`."""

from __future__ import annotations

from featurelens.scripts.cli import main

if __name__ == "__main__":
    main()
