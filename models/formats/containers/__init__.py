"""Files that hold many images.

array_pixels     Which axis of an array is which, and which value is white?
array_keys       Which arrays of a file are the images and the labels?
npy_rows         How is a row of a large NumPy file read without the rest?
"""
