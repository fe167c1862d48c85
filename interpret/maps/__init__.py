"""What a single map says.

state       How strong is the map, and of which sign; is it empty?
location    Where does the evidence lie?
resampling  How is a map enlarged or blurred?
"""
