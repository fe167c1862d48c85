"""Arrays as pictures.

colors               Which number has which colour?
color_tables         Their colours, as data
enlarging            How is a map brought to its picture's size?
method_maps          How is a method's map drawn, as its record says?
class_masks          Which colour has the class of a pixel?
signal_form          Which lines and slices of a series or a volume are drawn?
pictures             How does an image look on the page?
reason_words         How is said what lies behind an answer?
shortcut_words       How are shortcuts and failing groups said?
wording              How is a number written?
layer_sheet          How do all channels of a layer look?
misclassified_sheet  How do all mistakes look?
"""
