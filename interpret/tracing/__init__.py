"""Any Keras model as one graph: traced once, every layer tapped, the logits proven.

inputs          What does the model take, and does what was given fit?
folding         Which batch normalisation can the convolution before it do itself?
layer_hooks     What does each layer put out while the model runs?
traced_model    What does the model compute, layer by layer, when it is called?
pixel_range     In which range do pixels reach the first layer with weights?
proof           Are the logits the right ones, and does an image's answer depend on it alone?
axes            Which axes of an array are places, and which is the channel?
targets         Which class is a map asked about, and rather than which other?
layer_choice    Which layers have a map of places, and where does Grad-CAM look?
batched_graph   How is a traced computation run, batch by batch?
sharing         Who asks a model the same, so that one trace will do?
variants        How are many variants of an image run in full batches?
downstream      What do the logits become when a layer puts out something else?
"""
