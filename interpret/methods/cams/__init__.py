"""Class activation maps beside the usual ones; each is drawn and tested where it is named.

x_grad_cam       Grad-CAM's weights, so that they account for the score
ablation_cam     What does the score lose without each channel?
eigen_cam        What does the layer hold, whatever the class?
finer_cam        What sets the class apart from those that are like it?
guided_grad_cam  Which edges, where Grad-CAM speaks for the class?
fused_cam        Several layers in one map
"""
