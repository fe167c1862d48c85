"""Several models on the same images.

page           How is the comparison laid out?
evidence       What is known of each model?
compared_maps  What are its maps, and how far can they be trusted?
figures        Which one is better, and was it chance?
differences    Which images does one get right and the other wrong?
maps           Where does each one look?
layers         How alike are their layers?
report_diff    What changed between two reports?
diff_page      How is that shown?
"""
