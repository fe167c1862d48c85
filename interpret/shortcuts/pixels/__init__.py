"""The pixels that images share: what repeats where, and how it is pasted from one picture into another.

grid        How are pictures made small enough to compare thousands, and places brought back?
separation  How far does a part of the images stand apart from the rest, and how alike is it in itself?
tight       Which images of a class have much the same border, in the midst of all others?
likeness    Which images of a class look much the same at a place, as in pictures kept as JPEG?
refining    Which pixels exactly are shared?
squares     Which small squares of pixels are the same, value by value?
repeats     Which images have the same pixels at a place?
stamps      Which few pixels repeat exactly, wherever they are?
contents    Which parts of a picture may be a shortcut, and how is one pasted?
"""
