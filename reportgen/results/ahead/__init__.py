"""What is said of periods to come, what became of it, and how one run differs from another.

Types alone, like all of the waist: what they are filled from is the model's, how they read is the report's.
"""
