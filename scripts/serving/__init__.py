"""A model as a web service: each answer with its reason, and how far the reason can be trusted."""
