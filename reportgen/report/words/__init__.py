"""Words and numbers as a reader sees them: language, locale formats, names, units, labels.

What is said about a market is written in :mod:`reportgen.report.narrative`.
"""
