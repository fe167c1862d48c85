"""From a picture and a question to an answer with its evidence.

pixels          What do the bytes of a picture become for the model?
picture_header  What does a picture say of itself before it is decoded?
questions       What can be asked?
one_class       Which models can be served?
served_model    What is known of a model before the first request?
method_choice   Which method is the one to show, by what was measured?
decisions       What does the model decide of each picture of a batch?
programs        How are many questions answered at once?
words           What does an answer say, as JSON?
overlays        What does a map look like over its picture?
"""
