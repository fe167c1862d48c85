"""The state of a model: what it holds, and whether that is still what it was when it was traced.

model_state        Has a model changed since it was looked at?
read_attributes    Which attributes of a layer can a trace read?
held_objects       Do namespaces and lists still hold the very objects that they held?
dict_versions      Was a dictionary written to since one last looked?
held_constants     Which constants does a trace read outside of the layers?
precision          In which precision do layers compute, and how to trace them in float32?
written_variables  Which variables does a run write, so that they can be put back?
"""
