"""What `featurelens benchmark` measures.

===================  =====================================================================================
attribution_methods  What does each method cost beside the bare passes that it needs?
large_sets           What does extraction cost, and does it survive what interrupts it?
planted_shortcuts    Which planted shortcuts are found, and how often is there an alarm for nothing?
pictures             Which pictures is something planted in, and which are left as they are?
plants               What is planted?
photo_report         What do a report's photos cost, in time and memory, beside a bare script?
===================  =====================================================================================
"""
