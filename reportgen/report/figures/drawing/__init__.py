"""The marks of a chart (lines, bands, dots, bars, texts, axes) and how marks are written.

What a chart shows is decided by its own module one folder up; here nobody knows what a pharmacy is.
"""
