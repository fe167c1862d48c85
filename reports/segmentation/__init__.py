"""The report of a model that names a class for every pixel: how well, where not, and what speaks for each class.

evidence  What is measured, which images are worst, and what speaks for each class?
sections  How is it shown?
page      How does it become one file?
"""
