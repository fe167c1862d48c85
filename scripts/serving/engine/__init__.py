"""One thread owns the model; requests wait for it in a bounded queue.

tickets       What waits for the model, and what becomes of it?
lanes         In which order, and how many at a time?
pace          How long will it take?
waiting_room  Who may wait?
worker        How is the model kept busy without anything getting in the way of anything?
jobs          What takes many passes, and runs between the others?
turns         When does it go on?
job_run       What becomes of it?
failures      What is written down of a fault?
clock         What time is it?
"""
