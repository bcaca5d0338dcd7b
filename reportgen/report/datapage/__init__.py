"""What is said of a table before anything is built from it: what was read, what a build will do with each market.

It starts from what :mod:`reportgen.results` holds of a table; reading and judging one is :mod:`reportgen.panel`.
"""
