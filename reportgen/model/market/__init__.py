"""One market's model: its terms, decay, variants, refusals and quality, down to the chosen fit.

The numerics are :mod:`reportgen.model.lmm`; what the fit means for sales is :mod:`reportgen.model.effects`.
"""
