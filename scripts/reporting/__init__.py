"""What `featurelens report` is made of beside the options that other commands share.

page_choice  What is on the page, and what becomes of it?
unlabelled   Which data are pictures without labels, and which options need labels?
"""
