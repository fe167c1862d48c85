"""The page as HTML.

page         How do sections, style and pictures become one file?
card_style   What of the page's style does a card need that stands elsewhere?
components   How is a table, a figure or a remark written?
payload      What does the program of the page read?
tiles        How are thousands of small pictures carried?
own_words    What does somebody add to it, made harmless?
map_notes    What stands under a map?
program      How does the page's program come into the page?
short_names  Which of its names are made short?
used_style   Which part of the style does the page need?
score_words  In which unit does the page speak of the scores?
trust_marks  What says how far its method can be trusted?
"""
