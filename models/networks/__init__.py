"""What can be built and trained.

architectures       Which networks are there?
plain_networks      The ones without shortcuts.
residual_network    The one with shortcuts.
vision_transformer  The one with attention.
transfer_network    A new head on a base of keras.applications.
seeded_layers       How does all randomness come from one seed?
recipes             How is each one trained?
"""
