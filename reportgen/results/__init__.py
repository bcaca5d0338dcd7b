"""The waist: every number, chart datum and verdict code of a market and of all markets, as JSON.

No words, no arithmetic: statistics stand before it, presentation after it.
"""
