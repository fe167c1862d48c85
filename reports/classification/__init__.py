"""The report of a classifier of pictures: what its layers see, why it decides as it does, how far each picture can be trusted.

Its parts are the sections of `reports/sections`.

gathered   What does each section say, in numbers?
figures    What is told to programs?
page       How does it become one page?
page_size  How does the page stay below a size?
written    Which files are written?
"""
