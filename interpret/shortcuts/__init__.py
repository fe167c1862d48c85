"""What a model gets wrong as a whole: content that it reads instead of the object, and groups of images that fail.

The folder `pixels` holds what is seen and pasted.
compared        What small pictures are compared, from the one pass?
candidates      Which images share content at a fixed place?
pool            The images asked about, and those trained on.
trials          Is each candidate read? Few images first, more only while it is open.
transplants     What do the answers become with the content, and without it?
records         The records of shortcuts.
search          Candidates, their proof, and the records.
shortcuts       Which shortcuts does a model rely on?
attributes      Brightness, size, place, direction and the like of each picture.
failing_groups  Which images of a new kind does a model fail on?
"""
