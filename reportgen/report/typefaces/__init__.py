"""The fonts that are shipped: their files, the widths and outlines of their glyphs.

Where text stands is the charts' and the writers' business.
"""
