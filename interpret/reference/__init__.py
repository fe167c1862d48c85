"""What images that the model's answers are known for say of a new one.

hidden_features  What does the model see of an image just before it decides?
unlike           Is an image unlike those that the model is known on?
"""
