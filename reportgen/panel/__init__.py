"""From a file to the arrays of one market: read, check, lay on the calendar, make features.

It knows nothing of models or reports.
"""
