"""HTTP around the service.

exchanges        What is a request, a response and a refusal here?
bodies           How is a body read, within its limits?
multipart        What are the parts of a form?
sent_pictures    Which pictures does a request hold?
questions_asked  How is a request for predictions or explanations answered?
open_inference   How do KServe's and Triton's clients ask?
front            What happens to every request?
documented       What else is there?
described        How is all of it described, for programs?
docs_page        And for people?
metrics          What is counted?
access_log       What is written down of a request?
page             What is shown to a person with a browser?
"""
