"""How fast the service is, and what it stands.

load                How many requests a second, how late, and at what cost?
processes           What do the processes of a measurement use?
slowed_model        What if the model were slow?
bare_model          What would anybody put behind HTTP?
contenders          What else answers such requests?
batching_contender  What of those batches?
live_page           How soon is a stroke explained?
rounds              What is measured, side by side?
"""
