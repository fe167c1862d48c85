"""Labelled images, and what is known of them without a model.

dataset        What are labelled images?
lazy_images    How do images on the disk read as an array?
image_store    How are many pictures kept without filling the memory?
class_names    Which class is which?
labels         Which class does a label mean, however it is stored?
pixel_range    Are the images in the range that the model takes?
range_trial    In which range is the model right about them?
resizing       How are they brought to another size, as Keras does it?
duplicates     Which images are equal in every pixel?
neighbours     How near do the classes come to each other in pixel space?
pixel_tallies  Which values do the pixels have, and what are their means?
exploration    What is there to know before any model sees them?
fingerprints   Are these the same images, weights or files?
"""
