"""How often the method finds the truth on a market's own data: panels with known effect, estimated again.

What may go wrong in them is in ``worlds``, the quick estimate in ``quick``, the checks in ``notice``. Left to others:
drawing sales (``bootstrap``), and whether the market can be fitted at all.
"""
