"""What the reports of models that do not tell classes apart have in common: numbers, and several labels.

picture_maps  How are pictures shown beside the maps of them?
around        What stands around the part that is the task's own?
sections      How are layers, trust, data and the model shown where there are no classes?
page          How do the sections become one file, with its twin for programs?
"""
