"""How far each method can be trusted on this model.

record        What is known of each method, small enough for a file?
measure       How is it measured, for several methods at once?
budget        What does a number of passes buy?
summary       What are the means and intervals of the measurements?
verdicts      What do they say of a method, in a word?
sensitivity   How far does a map change under a noise that nobody sees?
localization  Does a map lie on the object, where a mask or a box tells where it is?
located       How do the maps of several methods lie on them, summed up?
infidelity    Does a map tell how far the score falls, and not only where?
complexity    Over how many places does a map spread what it says?
"""
