"""The attribution methods, one file a family, each with its paper and its equations.

attribution             What do all methods have in common?
catalogue               Which methods are there, and what do their numbers mean?
class_activation        Which places of a layer speak for the class? (CAM family)
score_cam               What does the model say of the image seen through a channel?
gradients               Which pixels move the score?
smooth_grad             The same, without the speckle?
integrated_gradients    What does each pixel add, from a blank image to this one?
guided_backpropagation  Which edges excite the network?
relevance               How is the score shared out, layer by layer?
relevance_rules         By which rule does one step share it out?
relevance_walk          How does the graph hand relevance back to the image?
attention/              Where does a transformer look?
cells/                  What does each cell of the image add? (SHAP, LIME)
cams/                   More class activation maps, and several layers in one
references/             What sets the image apart from a reference?
rules/                  Which rule of relevance has which layer?
occlusion               How far does the score fall when a patch is covered?
rise                    Which pixels, when seen, go with a high score?
"""
