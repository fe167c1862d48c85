"""From a recipe to trained weights, with the same result after an interruption.

fit          How is a network trained by its recipe?
batches      Which images come in which order, augmented how?
epochs       What happens around an epoch?
checkpoints  What does it take to resume?
optimizers   Which optimizer and loss does a recipe ask for?
results      What is a training remembered by?
"""
