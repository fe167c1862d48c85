"""Files that are whole or not there.

whole_files       How is a file written whole, or not at all?
evaluation_files  How is an evaluation kept?
trust_file        How is the trust of a model kept for its reports?
"""
