"""Methods that hold the image against another one that shows nothing.

deep_lift           How does the difference from a reference come about, layer by layer?
expected_gradients  What does each pixel add, on average from many references?
"""
