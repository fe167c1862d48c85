"""Reading images from the files that people have; the folder `containers` has those that hold many images.

sources        How do data become a Dataset that fits the model?
known_formats  Which formats are there, and which one is this?
reading        What does a person say of their data?
preprocessing  What was done to the pixels before the training?
stored_images  How do images become a Dataset, whatever file they are in?
image_folders  How does a folder of pictures per class become data?
manifest       How does a table of files and labels become data?
picture_files  How are many picture files decoded without filling the memory?
image_files    How does one picture become pixels?
array_files    Which arrays are images and labels in .npz or .npy?
csv_images     What is a row of images in .csv?
idx            How are the files of the MNIST family read?
fashion_mnist  Where is Fashion-MNIST found, and is it the published one?
"""
