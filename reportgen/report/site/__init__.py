"""The content of the pages over all markets: totals, table of markets, changes, directory.

Files and links are made by :mod:`reportgen.batch.site`, HTML by :mod:`reportgen.render.site`.
"""
