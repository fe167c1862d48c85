"""One thread owns the model; requests wait for it in a bounded queue.

tickets  What waits for the model, and what becomes of it?
worker   How is the model kept busy without anything getting in the way of anything?
jobs     What takes many passes, and runs between the others?
"""
