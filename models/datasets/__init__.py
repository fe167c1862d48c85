"""Labelled images, and what is known of them without a model.

dataset       What are labelled images?
image_store   How are many pictures kept without filling the memory?
class_names   Which class is which?
model_fit     Do the images fit the model's size and channels?
pixel_range   Are they in the range that the model takes?
resizing      How are they brought to another size?
duplicates    Which images are equal in every pixel?
neighbours    How near do the classes come to each other in pixel space?
exploration   What is there to know before any model sees them?
fingerprints  Are these the same images, weights or files?
"""
