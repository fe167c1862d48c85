"""A model as a web service: each answer with its reason, and how far the reason can be trusted.

settings     What does a service allow?
service      How does a request reach the thread that owns the models?
command      What is typed to start it?
application  How is all of it put together?
"""
