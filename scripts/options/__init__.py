"""What can be typed, and what it means.

early_checks  What is refused before anything is loaded?
model_choice  Which of its outputs and inputs, and what is its answer for?
held_inputs   At what are its other inputs held?
records       How do several options become one record?
opening       Which model, which data, read how?
reading       How are the data read, where their files leave it open?
single_image  Which one image?
image_size    Which size?
methods       Which attribution methods?
trust_file    Which measured trust?
gates         What is written for programs, and what stops a run?
measuring     How much is measured, and where does the page go?
outputs       What may be written to?
"""
