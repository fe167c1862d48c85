"""Charts of the page, drawn without matplotlib: its import and its layout took 0.9 of the report's CPU seconds.

chart      What is drawn, said with matplotlib's words?
ticks      Which round numbers stand beside an axis?
letters    How wide is a text?
layout     Where do the axes lie on the paper?
roles      Which colour is for what, in light and dark?
ink        How are numbers, colours and texts written as SVG?
marks      How is each mark written as SVG?
legends    Where do the names of the marks stand?
writing    The whole drawing as SVG
replayed   The same on matplotlib, for a PNG
"""
