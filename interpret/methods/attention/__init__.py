"""Where a transformer looks, on the grid of places that its tokens were cut from.

rollout          Which places does attention carry to the answer? With the score's gradient: which speak for the class?
token_cam        Which places speak for the class, by the tokens before the last attention? (Grad-CAM)
"""
