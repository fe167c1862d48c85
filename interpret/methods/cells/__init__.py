"""Methods that hide some cells of the image and show the others, through the packages that are known for them.

over_cells  What is the score of an image of which some cells are seen?
segments    Which cell does each pixel belong to?
shap        What does each cell add, averaged over the orders in which they come? (package shap)
lime        Which weights of the cells come nearest to the score around the image? (package lime)
"""
