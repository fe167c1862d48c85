"""Scripts to start from, such as `python -m featurelens.scripts.examples.why_this_class`: offline, in seconds.

my_pictures       A folder of pictures per class: a report of chosen sections, and its figures for programs
why_this_class    A mistake: why this class rather than the true one, by three methods
what_layers_see   What does each layer keep, and what do channels put out for one image?
whom_to_believe   Which methods' maps can be believed on this model?
own_method        A method of one's own, beside the others and through the same tests
watch_a_training  What do the layers see while a model is trained?
how_far_off       A regression: how far are its numbers off, where, and what raises them?
several_labels    Several labels for a picture: how well is each told, and which leads another astray?
every_pixel       A class at every pixel: how well is each found, and what speaks for it?
on_the_object     Do the maps lie on the object?
hear_a_burst      A folder of sounds: which part speaks for each class?
"""
