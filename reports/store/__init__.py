"""Extraction of large sets into a store: what the model says of every image, kept so that no interruption loses it.

units        Into which parts is the work cut?
wanted       What is kept of each image?
rows         What does the one pass give for the images of a unit?
durable      When is a file on the disk for good?
counted      What does a report count over the images of a unit?
states       How is what a statistic has seen kept as a file?
tables       How are the numbers of each image kept?
arrays       How are maps and activations kept?
ledger       Which units are done, and are their files whole?
settings     Of which model, data and machine is a store?
size         How large will it be?
writing      How is a store begun, filled unit by unit, and gone on with?
extraction   What does one process do?
many_workers What do several machines do?
opening      How is a store read?
joining      How do stores of parts of the data become one?
"""
