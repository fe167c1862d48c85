"""What can be typed, and what it means.

early_checks  What is refused before anything is loaded?
model_choice  Which of its outputs, and what is its answer for?
records       How do several options become one record?
opening       Which model, which data, read how?
reading       How are the data read, where their files leave it open?
single_image  Which one image?
image_size    Which size?
methods       Which attribution methods?
trust_file    Which measured trust?
gates         What is written for programs, and what stops a run?
settings      What does pyproject.toml set for each time?
outputs       What may be written to?
"""
