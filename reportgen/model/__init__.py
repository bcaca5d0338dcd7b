"""The statistics of one market (a folder per step), and across markets.

Everything here is numbers; words and pictures begin behind :mod:`reportgen.results`.
"""
