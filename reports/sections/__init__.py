"""The parts of the page: each turns its evidence into findings and markup.

section           What is a section?
images            What does the program know of the images?
model             Which model is it, and are its logits proven?
data              What are the images?
data_pictures     What do they look like?
performance       How good is the model?
layers            What do the layers keep?
trust             Which maps can be trusted?
mistakes          Why was each mistake made?
mistake_pictures  How are its maps drawn?
causes            Which channels are behind the confusions?
channels          What do these channels do, and like?
"""
