"""How good a classifier is.

metrics        How often is it right, for which classes, at what loss?
numbers        How far off are the numbers of a regression, and where most?
probabilities  What probability does it give each class?
calibration    Of what it is 80 % sure of, is 80 % right?
significance   Is one classifier better than another, or was it chance?
"""
