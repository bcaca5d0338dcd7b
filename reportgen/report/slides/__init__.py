"""What stands on the slides of a market and of all markets: finished sentences, tables and native charts, no pictures.

How a presentation file is written is ``render/slides``'s.
"""
