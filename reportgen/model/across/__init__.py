"""All markets at once: meta-analysis, shrunken effects, ranks, totals.

It reads stored results only and never fits a market.
"""
