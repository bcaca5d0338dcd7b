"""Experiments with promotion: who gets more by lot, what it would show, and what it showed.

``assign`` draws the pharmacies, ``future`` their sales from the market's own fit, ``power`` the smallest effect that
would be seen; ``readout`` compares the arms, in the simulation and in the record. Nothing here writes files.
"""
