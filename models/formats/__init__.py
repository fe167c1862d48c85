"""Reading images from the files that people have.

sources        How do data become a Dataset that fits the model?
known_formats  Which formats are there, and which one is this?
array_files    Which arrays are images and labels in .npz or .npy?
csv_images     What is a row of images in .csv?
idx            How are the files of the MNIST family read?
image_folders  How does a folder of pictures per class become data?
collected_pictures  How do pictures of many files become one set?
image_files    How does one picture become pixels?
fashion_mnist  Where is Fashion-MNIST found, and is it the published one?
"""
