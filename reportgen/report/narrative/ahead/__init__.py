"""What is to be done next, and what it is worth, in words.

What it rests on is told by the other modules of the narrative.
"""
