"""The report of pictures without labels: what the model answers, where it looks, and which pictures deserve a second look.

Nothing on it needs a true class: no accuracy, no mistakes, no confusions.

answered    Which class is answered to each picture?
evidence    What can be said without a label?
classes     What does each class look for?
pictures    Which pictures are unsure, alike, or unlike the rest?
inside      What are the pictures, and what do the layers do with them?
page        How does it become one file?
"""
