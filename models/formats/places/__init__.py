"""Data whose places are those of objects, and not of pictures alone.

masks  Where is the object of each image?
"""
