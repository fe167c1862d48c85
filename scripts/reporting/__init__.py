"""What `featurelens report` is made of beside the options that other commands share.

figures         What is printed and written of an evaluation without classes?
page_choice     What is on the page, and what becomes of it?
whole_page      What does every report without classes do alike?
segmentation    What is wanted of the report of a model of pixels, and how are its masks read?
regression      What is wanted of the report of a regression, and which options speak of classes?
signals         Which options speak of pictures, and what is written of series and volumes?
several_labels  What is wanted of the report of independent labels?
unlabelled      Which data are pictures without labels, and which options need labels?
"""
