"""Does a map depend on what the model has learnt?

weight_randomization  Does the map change when the model forgets?
weight_shuffling      How does a model forget, layer by layer?
random_labels         Does the map change when the labels say nothing?
independent_copy      How is a model copied so that it is never touched?
map_similarity        How alike are two maps?
"""
