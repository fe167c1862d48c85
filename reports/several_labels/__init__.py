"""The report of a model of independent labels: each label's figures, which come together, and maps for each on a picture.

seen      How is a model that answers several labels looked at?
evidence  What is measured, and of which pictures are maps made?
figures   How are the labels' figures, and those that come together, shown?
plots     Which labels come together, as drawings?
cards     How is a picture shown with a map for each of its labels?
findings  What do the numbers say, in sentences?
page      How does it become one file?
"""
