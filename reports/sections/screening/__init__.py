"""What is wrong with the data or the model, and why single mistakes were made: words and pictures.

soundness    Does the model answer, and do training and use agree?
suspects     Which labels and images are suspect, and what is won by not answering?
reasons      What lies behind each mistake shown?
review       What did people say of the mistakes?
which_layer  At which layer are the maps the most faithful?
many_passes  What do the methods that cost more show of the leading mistakes?
shortcuts    What does the model read instead of the object, and on which groups does it fail?
"""
