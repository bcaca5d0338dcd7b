"""From any file or database to a raw table, and from its text to numbers, dates and roles.

Whether the values make sense is decided in :mod:`reportgen.panel.checking`.
"""
