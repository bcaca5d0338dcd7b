"""From a report to files: HTML, PDF, workbook, Quarto Markdown, Parquet.

It turns a finished document tree into bytes; content and order are decided in :mod:`reportgen.report`.
"""
