"""What one pass over the images tells.

statistic       What is counted over images, one batch after another?
one_pass        How does every statistic see every image once?
ahead           How is the next batch read while the model runs?
explainer       Activations, Grad-CAM and saliency in one pass?
predictions     What does the model decide?
activations     What does each layer put out?
joint_maps      What are the maps of several methods, in one pass?
class_means     What does a layer put out for a class on average?
image_choice    Which images stand for all, or for their class?
named_maps      What does one pass give at a layer and at the image?
saturation      What does a Grad-CAM not show of each image?
faded_gradient  How much of the gradient is left after the softmax?
hidden          What does the last hidden layer put out?
"""
