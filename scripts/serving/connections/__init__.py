"""Connections: uvicorn's, with what it leaves to be wished for.

listening      How are connections taken, timed and drained?
doorman        How do new connections not wait for busy ones?
whole_answers  How is an answer sent?
"""
