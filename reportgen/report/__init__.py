"""From results to the content of a report: words, tables, charts, one document tree.

It adds nothing up (numbers come from the results) and knows no output format (that is :mod:`reportgen.render`).
"""
