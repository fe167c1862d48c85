"""What is known of images that have no single class.

record   Which numbers, or which of several labels, does each image bear?
reading  How are they stored, and what is refused?
"""
