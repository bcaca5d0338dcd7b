"""Where a run's rows come from: one table, a partitioned folder, a stored panel, what all markets share.

Reading and checking a table is :mod:`reportgen.panel`; this decides which part each market gets.
"""
