"""From a table as it lies in its file to one row per market, pharmacy and period; and which column is what.

What the values of its cells mean is left to :mod:`reportgen.panel.reading.values`.
"""
