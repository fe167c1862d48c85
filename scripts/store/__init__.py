"""The commands that fill stores of large sets, and join them.

extract      `featurelens extract`: what a model says of every image, into a store that can be interrupted
merge        `featurelens merge`: stores of parts of the data become one
"""
