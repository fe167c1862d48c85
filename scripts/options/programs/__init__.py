"""Options for programs: what a run writes, what stops it, and what is set for each time.

gates     What is written for programs, and what stops a run?
settings  What does pyproject.toml set for each time?
"""
