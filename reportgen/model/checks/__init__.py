"""The checks of a fitted market: a rule with value, limit and status each, listed once in ``rules``.

What a failed check withholds is decided by :mod:`reportgen.model.verdict`, its sentence by the report.
"""
