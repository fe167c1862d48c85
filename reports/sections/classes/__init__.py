"""The classes, one by one: a typical image, the mean, what speaks for the class, and what each layer makes of it.

feature_maps   What does each layer see of each class?
class_maps     What speaks for each class, by the methods that passed?
"""
