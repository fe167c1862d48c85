"""How good a classifier is.

metrics        How often is it right, for which classes, at what loss?
labels         How well is each of several labels told, and which come together?
curves         What do precision and recall do as a threshold rises?
numbers        How far off are the numbers of a regression, and where most?
probabilities  What probability does it give each class?
segmentation   How good is a model that names a class for every pixel?
calibration    Of what it is 80 % sure of, is 80 % right?
significance   Is one classifier better than another, or was it chance?
"""
