"""The numbers behind a page, without a word.

gather        What does a report know?
shown_layers  Which layers does it walk through?
specimens     Which image stands for a class, and what do the layers make of it?
mistakes      Why was each mistake made?
causes        Which channels lie behind the confusions?
trust         How far can the maps that it shows be trusted?
twin          How does a record become JSON, and a record again?
"""
