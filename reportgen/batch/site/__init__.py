"""The folder ``site/`` over all markets: built beside the old one, swapped in whole.

Its content comes from :mod:`reportgen.report.site`, its pages from :mod:`reportgen.render.site`.
"""
