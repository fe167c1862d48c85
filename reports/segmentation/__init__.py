"""The report of a model that names a class for every pixel: how well, where not, and what speaks for each class.

evidence  What is measured, which images are worst, and what speaks for each class?
trust     How far can maps of a class over its region be trusted?
findings  What do the figures say, in sentences?
plots     How well is each class found, as a drawing?
sections  How is it shown?
page      How does it become one file?
"""
