"""What a market's own record cannot say alone: what no check can see, and what other studies found.

How strong foresight would have to be is ``foresight``, the size beside published ones ``published``. Every number
comes from the results; where they are shown is the document's choice.
"""
