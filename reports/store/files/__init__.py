"""The files of a store: each is whole, on the disk for good, or not there.

units        Into which parts is the work cut?
needed       How is a package refused that is not installed?
durable      When is a file on the disk for good?
tables       How are the numbers of each image kept?
arrays       How are maps and activations kept?
states       How is what a statistic has seen kept?
ledger       Which units are done, and are their files whole?
"""
