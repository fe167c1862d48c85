"""Connections: uvicorn's, with what it leaves to be wished for.

addresses      Which address is listened to?
listening      How are connections taken, timed and drained?
doorman        How do new connections not wait for busy ones?
whole_answers  How is an answer sent?
"""
