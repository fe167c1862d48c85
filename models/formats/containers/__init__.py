"""Files that hold many images, and what Python gives.

array_pixels     Which axis of an array is which, and which value is white?
array_keys       Which arrays of a file are the images and the labels?
truth_columns    Which columns of a table hold numbers, or marks of several labels?
npy_rows         How is a row of a large NumPy file read without the rest?
hdf5             How are arrays in HDF5 read?
matlab           How are arrays in MATLAB's files read?
matlab_elements  What does a MATLAB file claim before it is read?
cifar            How are CIFAR's batches read?
safe_unpickling  How is a pickle of arrays read without running code?
tfrecord         How are encoded images in TFRecord files read?
parquet          How are encoded images in Parquet read?
python_sources   How do a tf.data.Dataset and a generator become data?
"""
