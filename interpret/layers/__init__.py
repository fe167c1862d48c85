"""What the layers are, and what each one keeps.

inspection             Which layers, which head, are the logits the right ones?
connections            Which layers does each layer read?
receptive_field        Which part of the picture can a unit see?
receptive_field_rules  What does each operation do to that part?
placement              Do a layer's places cover the picture, as they are drawn?
survey                 What does each layer keep of the picture and of the class?
signal_measures        What does it keep of a series or a volume?
coarse_grid            What is a map's mean over each cell of a coarse grid?
linear_probe           How well can the class be read off a layer?
similarity             How alike are two layers?
normalization          Does batch normalisation mean the same in training and in use?
nearest_answers        Which right answers lie nearest to a mistake?
signal_input           Does a model take series or volumes rather than pictures?
"""
