"""The report of a regression: how far its numbers are off, where, and what raises and lowers them.

Nothing on it speaks of classes.

seen      How is a model that answers numbers looked at?
evidence  What is measured?
plots     How do the answers lie beside the truth, as drawings?
drawn     How are the figures shown?
sections  How are the pictures with their maps shown?
findings  What do the numbers say, in sentences?
page      How does it become one file?
"""
