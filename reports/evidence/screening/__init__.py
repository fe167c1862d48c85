"""What is wrong with the data or the model, and why single mistakes were made: numbers, without a word.

suspects     Which labels are suspected, which images are near copies, unlike the rest, where do they lie?
soundness    Does the model answer at all, does a signal collapse, do training and use agree?
reasons      What lies behind each mistake shown?
review       What did people say of the mistakes?
which_layer  At which layer are the maps the most faithful?
many_passes  What do the methods that cost more show, as far as a budget goes?
shortcuts    What does the model read instead of the object, and on which groups does it fail?
"""
