"""Numbers as plots, for light and dark; in `charts` those of the page, which need no matplotlib.

plot          How is a chart, or what matplotlib draws, put on the page?
compact_svg   How is what matplotlib draws written with fewer letters?
performance   How well does the classifier do?
training      How did the training go?
layers        What do the layers keep?
trust         What happens while pixels go, or weights are shuffled?
screening     What is won by refusing, and where do the images lie?
data          How many images of which values?
comparison    How do models stand beside each other?
architecture  How is the network built?
explanation   One image explained: what does it look like?
segmentation  One picture segmented: what does it look like?
signals       One series or volume explained: what does it look like?
"""
