"""What a model gets wrong as a whole: content that it reads instead of the object, and groups of images that fail.

grid            How are pictures made small enough to compare thousands, and places brought back?
separation      How far does a part of the images stand apart from the rest, and how alike is it in itself?
contents        Which parts of a picture may be a shortcut, and how is one pasted from one picture into another?
candidates      Which images share content at a fixed place?
refining        Which pixels exactly are shared?
squares         Which small squares of pixels are the same, value by value?
repeats         Which images have the same pixels at a place?
stamps          Which few pixels repeat exactly, wherever they are?
pool            The images asked about, and those trained on.
transplants     What do the answers become with the content, and without it?
records         The records of shortcuts.
search          Candidates, their proof, and the records.
shortcuts       Which shortcuts does a model rely on?
attributes      Brightness, size, place, direction and the like of each picture.
failing_groups  Which images of a new kind does a model fail on?
sentences       All of this in words.
"""
