"""The command line: parse, load, compute, report, write."""
