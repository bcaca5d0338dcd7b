"""What is said of periods to come, and what became of it.

Types alone, like all of the waist: what they are filled from is the model's, how they read is the report's.
"""
