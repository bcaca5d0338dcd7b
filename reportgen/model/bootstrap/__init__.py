"""Parametric bootstrap: sales drawn anew from the fit, everything estimated again.

It repeats the steps of :mod:`reportgen.model.market` and adds none of its own.
"""
