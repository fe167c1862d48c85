"""What `featurelens benchmark` measures.

===================  =====================================================================================
attribution_methods  What does each method cost beside the bare passes that it needs?
photo_report         What do a report's photos cost, in time and memory, beside a bare script?
===================  =====================================================================================
"""
