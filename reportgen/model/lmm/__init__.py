"""The linear mixed model itself: cross-products, deviance, certified optimum, inference, conditional modes.

It knows matrices and groups; that they are sales and pharmacies is known to :mod:`reportgen.model.market`.
"""
