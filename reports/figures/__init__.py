"""The public pictures: each draws into an axis that is given and returns it, and always shows its scale.

============  ==============================================================================================
canvas        Which axis is drawn into where none is given, and how is a colour bar put beside it?
maps          How are maps of evidence laid over their pictures, and drawn with the limits of their colours?
tables        How are confusions and the trust in the methods drawn?
segmentation  Where is a segmented picture wrong?
one_image     What is the whole story of one image?
reasons       What lies behind its answer?
============  ==============================================================================================
"""
