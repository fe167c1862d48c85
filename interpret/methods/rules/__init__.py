"""Rules of layer-wise relevance for single layers, and which layer gets which.

first_layer  What shares out at the pixels, where a 0 is a colour and not "nothing"? (box, w_square, flat)
alpha_beta   Evidence for and against, each shared out by itself
composites   Which rule has each layer? The named composites, and a rule for a layer
"""
