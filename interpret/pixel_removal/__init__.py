"""Does a map name the pixels that the model uses? They are removed to find out.

faithfulness   Does a map beat two orders that know nothing?
curves         What does the score do while pixels go or come?
road           The same, with the removed pixels filled in?
imputation     How are removed pixels filled in from their neighbours?
pixel_order    In which order does a map name the pixels?
baselines      What is a removed pixel replaced by?
smallest_flip  Which smallest grey square changes the answer?
layer_sweep    At which layer is a map the most faithful?
"""
