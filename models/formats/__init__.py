"""Reading images from the files that people have.

sources        Which format is it, and how does it become data that fit the model?
array_files    Which arrays are images and labels in .npz or .npy?
csv_images     What is a row of images in .csv?
idx            How are the files of the MNIST family read?
image_folders  How does a folder of pictures per class become data?
image_files    How does one picture become pixels?
fashion_mnist  Where is Fashion-MNIST found, and is it the published one?
"""
