"""Data that are no pictures alone: where their objects are, which class each pixel is of; series and volumes, whose places a map
can show too.

masks         Where is the object of each image?
class_masks   Which class is each pixel of?
shapes        Does a mask show the whole of its picture?
signal_files  How do files become series or volumes that fit a model?
sounds        How does a WAV file become values?
scans         How does a NIfTI file become a volume?
"""
