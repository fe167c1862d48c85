"""The report of a classifier of series or volumes: curves with their evidence behind them, slices with a slider.

What is about pictures alone (nine regions, shortcuts by pixels, grey squares, near copies) is left out, and said.

seen      How is a model of series or volumes looked at?
evidence  Which ones are shown, and where does their evidence lie?
words     How are they spoken of?
curves    How is a series drawn?
slices    How is a volume drawn?
cards     How is one shown with what speaks for a class?
inside    What do the layers put out, and what does a unit see?
sections  How are the figures, the data and the model shown?
findings  What do the numbers say, in sentences?
page      How does it become one file?
"""
