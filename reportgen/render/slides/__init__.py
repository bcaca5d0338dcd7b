"""Slides as a presentation file that any program edits; the only user of python-pptx, imported when slides are made.

``pages`` lays out, ``native`` makes charts, ``package`` opens the template and writes the same bytes from the same
content.
"""
