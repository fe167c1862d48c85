"""A training watched: what the layers see after each epoch, as a page with a slider.

==========  ==============================================================================
callback    How is a training recorded by Keras's `fit`?
recorded    What is kept of the model after an epoch?
film_page   How does the page with its slider look?
==========  ==============================================================================
"""
