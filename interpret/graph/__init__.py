"""The traced graph, read: how a model's answer follows from its scores, and what leads where.

head               What turns the scores into the answer, and in what unit are they?
tasks              Is one unbounded number a logit of two classes, or a regression?
logits             Which tensor holds the logits, and what turns them into the answer?
squashed           Which logit lies behind an answer that was squashed, number by number?
shifted            Which logits lie behind scores that were shifted, each image's own by its own amount?
answer_range       Between which limits must an answer lie, whatever the image?
ways               Which operations are on the way from the image to the scores?
keras_library      Which Keras does a model belong to?
attention_scores   How much does one token read from another?
token_grid         Which token is which place of the picture?
gates              Which layers only say how much of others is let through?
frames             What does a layer put out that runs on each frame of a film?
function_calls     What is inside a function that the traced graph calls?

The folder `state` tells whether a model has changed.
"""
