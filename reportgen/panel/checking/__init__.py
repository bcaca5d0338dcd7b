"""The data contract: every finding of a raw table with column, rows and what to do, then the panel.

Reading files is :mod:`reportgen.panel.reading`; what a model refuses is :mod:`reportgen.model.market.refusals`.
"""
