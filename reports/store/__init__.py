"""Extraction of large sets into a store: what the model says of every image, in files that no interruption harms.

files/        How is a unit of the work kept?
wanted        What is kept of each image?
unit_source   How do the images of a unit come to the model?
rows          What does the one pass give for the images of a unit?
counted       What does a report count over them?
settings      Of which model, data and machine is a store?
size          How large will it be?
opening       How is a store read?
writing       How is it begun, filled unit by unit, and gone on with?
extraction    What does one process do?
many_workers  What do several workers do?
joining       How do several stores become one?
for_report    How is a report written from it?
"""
