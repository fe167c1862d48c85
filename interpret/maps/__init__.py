"""What a single map says.

state             How strong is the map, and of which sign; is it empty?
location          Where does the evidence lie?
regions           Which of nine places hold it?
resampling        How is a map enlarged or blurred?
spans             Within how short a part of an axis does half of the evidence lie?
volume_pooling    What is the gradient of max pooling in volumes, where places tie?
channel_measures  What are the mean and the peak of each channel, in a pass that can afford little?
grey_convolution  How is the gradient of a convolution of grey pictures made faster?
"""
