"""What is wrong with labelled images, as the answers of a model and the pixels tell it.

suspected_labels  Which labels are probably wrong, and how sure is that?
picture_vectors   How are pictures compared, whatever their place and brightness?
box_search        Which points lie within a short distance of each other?
near_copies       Which images are nearly the same picture?
answer_sets       Which classes must be in an answer, and what is won by refusing to answer?
data_map          Where do the images lie between the classes?
"""
