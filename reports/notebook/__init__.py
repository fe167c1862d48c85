"""What a notebook shows of records, methods and reports, and the tables and pages that a script gets.

========  ====================================================================================
pieces    Which few bits of HTML is a cell made of, readable in light and dark?
cells     What does a cell show of a record or a method?
slices    How are the slices of a volume seen one after another?
story     What is one image's whole story in a cell, as on the card of the page?
tables    What is a table of records, with pandas or without?
written   What does `write_report` return: a path that a notebook shows as the page?
========  ====================================================================================
"""
