"""Models as files, opened without running code that they hold.

loading        How is a model opened by its name or file?
file_formats   What kind of file is it, and is it safe to open?
contents       What does a model file name and hold, before Keras sees it?
saved_models   How is a SavedModel folder taken?
keras_2        How is a model of Keras 2 opened?
writing        How is a trained model written?
partial_files  How is a file written so that it is whole or not there?
cards          What is known of a model beside its weights?
weights        Are these the weights that something was said of?
"""
