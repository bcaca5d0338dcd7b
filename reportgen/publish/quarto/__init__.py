"""A Quarto project out of a run: its sources, its record, and the real program where it is there.

The Markdown itself comes from :mod:`reportgen.render.quarto`.
"""
