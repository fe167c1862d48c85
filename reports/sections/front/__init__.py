"""What a reader meets first: one sentence, four questions with a picture each, and who is taken for whom.

findings   What do the numbers say, in order?
headline   What is the one sentence?
matrix     Who is taken for whom?
coverage   What is won by not answering?
questions  Where does it fail, why, how sure is it, which maps may be cited?
opening    How do they stand on the page?
"""
