"""What the markets of a run agree on: one decay, the shape of the response; each market is asked, the answers summed.

How markets are reached (in worker processes) is left to :mod:`reportgen.batch.inputs`, what a market does with the
agreement to :mod:`reportgen.model.market`.
"""
