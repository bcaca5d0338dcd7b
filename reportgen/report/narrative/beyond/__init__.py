"""What a market's own record cannot say alone: what no check can see, what experiments and other studies found.

How strong foresight would have to be is ``foresight``, the size beside published ones ``published``, experiments that
the settings name ``experiment``. Every number comes from the results; where they are shown is the document's choice.
"""
