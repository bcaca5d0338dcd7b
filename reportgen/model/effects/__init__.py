"""What people act on, from the coefficients: first month, in all, kept up, incremental sales, what-if.

Estimation stays in :mod:`reportgen.model.lmm`, the choice of a model in :mod:`reportgen.model.market`.
"""
