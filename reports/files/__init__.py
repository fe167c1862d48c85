"""Files that are whole or not there.

whole_files       How is a file written whole, or not at all?
evaluation_files  How is an evaluation kept?
report_files      How does a report reach programs, and come back?
conditions        Which figures shall stop a run?
judged_figures    Where does each figure of a task stand in a report?
check_results     How is that told to the machines that run tests?
trust_file        How is the trust of a model kept for its reports?
"""
