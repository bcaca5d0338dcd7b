"""Single columns as numbers, periods and currencies, and the conventions that hold for a whole source.

Which column is what is decided in ``reading/columns.py``; whether its values make a panel, in ``checking``.
"""
