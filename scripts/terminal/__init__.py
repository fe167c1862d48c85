"""How commands behave on a terminal.

running           How is any command run, and how does it end?
progress          What is shown while it works?
training_display  What is shown while a network trains?
saying            How is a line printed?
tables            How is a table printed?
exit_codes        Which number does a command end with?
mistyped          What was meant by a command line that cannot be read?
option_words      What is an argument called on the command line?
interruption      What is said at Ctrl-C?
memory            How does TensorFlow keep its memory?
settings          What does pyproject.toml set for each time?
"""
