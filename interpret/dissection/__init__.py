"""Single channels: what they do, and what happens without them.

census            What does each channel do over a whole data set?
correlation       How alike are the channels of a layer?
preferred_places  Where does a channel fire the strongest?
ablation          What becomes of the answers without a channel?
channel_fill      What is a channel set to when it is taken away?
affine_tail       When does that follow without running the model?
dense_tail        And where is running the end of the model enough?
ablation_effects  How many answers does that repair, and how many does it break?
visualization     Which image would excite a channel the most?
activity          How strongly does a channel answer to an image?
margin_parts      What does each channel add to the lead of a class?
"""
